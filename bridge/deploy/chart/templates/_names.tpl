{{- define "bridge.selector" -}}
app.kubernetes.io/name: devpocket-bridge
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "bridge.labels" -}}
{{ include "bridge.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: devpocket
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
{{- end }}

{{- define "bridge.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "bridge.environment-selector" -}}
app.kubernetes.io/component: environment
devpocket.app/cluster: {{ .Values.environments.cluster | quote }}
{{- end }}

{{- define "bridge.network-labels" -}}
app.kubernetes.io/name: devpocket
app.kubernetes.io/part-of: devpocket
app.kubernetes.io/managed-by: devpocket-bridge
devpocket.app/cluster: {{ .Values.environments.cluster | quote }}
app.kubernetes.io/component: network
{{- end }}

{{- define "bridge.owners-mark" -}}
devpocket-{{ .Values.environments.cluster }}-owners
{{- end }}

{{- define "bridge.owners-refusal" -}}
environments.namespacePerUser cannot be turned off yet: people's environments are in namespaces of their own (ConfigMap {{ include "bridge.owners-mark" . }} in {{ .Values.environments.namespace }}). See "Turning it off" in the README
{{- end }}

{{- define "bridge.rules" -}}
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [pods/exec]
  verbs: [get, create]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create, patch]
- apiGroups: [""]
  resources: [services]
  verbs: [get, create, patch, delete]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create, patch]
- apiGroups: [""]
  resources: [events]
  verbs: [watch]
- apiGroups: [metrics.k8s.io]
  resources: [pods]
  verbs: [get]
{{- end }}
