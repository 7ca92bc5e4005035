{{- define "bridge.selector" -}}
app.kubernetes.io/name: devpocket-bridge
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "bridge.labels" -}}
{{ include "bridge.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: devpocket
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "bridge.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "bridge.environment-selector" -}}
app.kubernetes.io/component: environment
devpocket.app/cluster: {{ .Values.environments.cluster }}
{{- end }}

{{- define "bridge.network-labels" -}}
app.kubernetes.io/name: devpocket
app.kubernetes.io/part-of: devpocket
app.kubernetes.io/managed-by: devpocket-bridge
devpocket.app/cluster: {{ .Values.environments.cluster }}
app.kubernetes.io/component: network
{{- end }}
