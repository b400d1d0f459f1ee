{{- define "ferry.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "ferry.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "ferry.commonLabels" -}}
{{ include "ferry.labels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- /* Where a worker listens is known to the probes, so it is not for the values to say. */ -}}
{{- define "ferry.config" -}}
{{- $listens := dict "worker" (dict "health" "0.0.0.0:8080" "metrics" "0.0.0.0:9464") }}
{{- mergeOverwrite (deepCopy .Values.config) $listens | toYaml }}
{{- end }}

{{- define "ferry.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "ferry.podSecurity" -}}
runAsNonRoot: true
# `node` of the image.
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "ferry.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "ferry.env" -}}
- name: NODE_OPTIONS
  value: --max-old-space-size={{ .heap }} --max-semi-space-size=16
{{- range $name, $value := .Values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- range .Values.secretEnv }}
- name: {{ required "secretEnv needs a name" .name }}
  valueFrom:
    secretKeyRef:
      name: {{ required "secretEnv needs the name of a Secret" .secret }}
      key: {{ required "secretEnv needs a key of the Secret" .key }}
{{- end }}
{{- end }}

{{- define "ferry.mounts" -}}
- { name: config, mountPath: /etc/ferry, readOnly: true }
- { name: tmp, mountPath: /tmp }
{{- end }}

{{- define "ferry.volumes" -}}
- name: config
  projected:
    defaultMode: 0440
    sources:
      - configMap: { name: {{ include "ferry.name" . }} }
      {{- range .Values.secretFiles }}
      - secret:
          name: {{ required "secretFiles needs the name of a Secret" .secret }}
          items:
            - { key: {{ required "secretFiles needs a key of the Secret" .key | quote }}, path: {{ required "secretFiles needs a path" .path | quote }} }
      {{- end }}
- name: tmp
  emptyDir: { sizeLimit: 64Mi }
{{- end }}
