/** The part of Go's templates that the chart keeps to: carried out as Helm does, and anything else refused. */
import { describe, expect, it } from "vitest";
import { evaluate } from "../../../bridge/deploy/render/evaluate.ts";
import { parseTemplate } from "../../../bridge/deploy/render/parse.ts";

const run = (source: string, dot: unknown = {}) => {
  const template = parseTemplate(source);
  return evaluate(template, template.defined, dot);
};

describe("a template", () => {
  it.each([
    ["{{ .a.b }}", { a: { b: 1 } }, "1"],
    ["a {{- .a }} b", { a: "x" }, "ax b"],
    ["a {{ .a -}}\n b", { a: "x" }, "a xb"],
    ["{{ if .a }}yes{{ else }}no{{ end }}", { a: {} }, "no"],
    ["{{ if .a }}yes{{ else }}no{{ end }}", { a: [0] }, "yes"],
    ["{{ if gt (int .a) 1 }}many{{ end }}", { a: 2 }, "many"],
    ["{{ range .a }}<{{ . }}>{{ end }}", { a: ["x", "y"] }, "<x><y>"],
    ["{{ range $k, $v := .a }}{{ $k }}={{ $v }},{{ end }}", { a: { z: 1, b: 2 } }, "b=2,z=1,"],
    ['{{ define "n" }}[{{ .a }}]{{ end }}{{ include "n" . | quote }}', { a: 'q"' }, '"[q\\"]"'],
    ['{{ .a | default (include "n" .) }}{{ define "n" }}other{{ end }}', { a: "" }, "other"],
    ['{{ .a | ternary "x" "y" }}', { a: false }, "y"],
    ["b:{{ toYaml .a | nindent 2 }}", { a: { z: 1, x: "2" } }, 'b:\n  x: "2"\n  z: 1'],
    ['{{ .a | join "," }}', { a: ["x", "y"] }, "x,y"],
    ["{{ $.a }}", { a: 1 }, "1"],
    ["a {{- /* of no use */ -}} b", {}, "ab"],
    ["{{ if not .a }}none{{ end }}", { a: "" }, "none"],
    ['{{ if lookup "v1" "ConfigMap" "n" .a }}there{{ else }}not{{ end }}', { a: "x" }, "not"],
    ["{{ toYaml .a }}", { a: { b: "on" } }, 'b: "on"'],
  ])("%s", (source, dot, text) => expect(run(source, dot)).toBe(text));

  it.each([
    ["{{ .a.b }}", "no field .a.b"],
    ["{{ nope .a }}", "no function nope"],
    ['{{ fail "not like this" }}', "not like this"],
    ['{{ include "none" . }}', "no template none"],
    ["{{ if .a }}", "has no end"],
    ["{{ end }}", "unexpected {{ end }}"],
    ["{{ (.a }}", "a bracket is open"],
    ["{{ .a ) }}", "cannot read"],
    ["{{ }}", "an empty"],
    ["{{ .a[0] }}", "cannot read .a[0]"],
  ])("refuses %s", (source, complaint) => expect(() => run(source, { a: {} })).toThrow(complaint));
});
