{{- define "expertserve.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "expertserve.fullname" -}}
{{- if .Values.fullnameOverride }}{{ .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "expertserve.name" .) .Release.Name }}{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name (include "expertserve.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "expertserve.selector" -}}
app.kubernetes.io/name: {{ include "expertserve.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "expertserve.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "expertserve.selector" . }}
{{- end }}

{{- define "expertserve.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "expertserve.keysSecret" -}}
{{ .Values.keys.existingSecret | default (printf "%s-keys" (include "expertserve.fullname" .)) }}
{{- end }}

{{- define "expertserve.hasKeys" -}}
{{- if or .Values.keys.existingSecret .Values.keys.entries }}yes{{ end }}
{{- end }}

{{/* Settings that can't hold together, refused by name. */}}
{{- define "expertserve.check" -}}
{{- $v := .Values }}
{{- if and $v.keys.existingSecret $v.keys.entries }}{{ fail "keys.existingSecret and keys.entries are two answers to one question" }}{{ end }}
{{- if not (or (include "expertserve.hasKeys" .) $v.keys.insecure) }}{{ fail "nothing says who may ask: set keys.existingSecret, keys.entries, or keys.insecure=true" }}{{ end }}
{{- if and (include "expertserve.hasKeys" .) $v.keys.insecure }}{{ fail "keys.insecure with keys: choose one" }}{{ end }}
{{- if and (eq $v.experts.source "claim") (not $v.experts.claim.name) }}{{ fail "experts.source=claim wants experts.claim.name" }}{{ end }}
{{- if and (eq $v.experts.source "fetch") (not $v.experts.fetch) }}{{ fail "experts.source=fetch wants addresses in experts.fetch" }}{{ end }}
{{- if and (eq $v.models.source "claim") (not $v.models.claim.name) }}{{ fail "models.source=claim wants models.claim.name" }}{{ end }}
{{- if and (eq $v.models.source "pull") (not $v.models.pull) }}{{ fail "models.source=pull wants names in models.pull" }}{{ end }}
{{- if and $v.state.enabled (or (gt (int $v.replicas) 1) $v.autoscaling.enabled) }}{{ fail "state.enabled is for one replica: each server keeps a list of its own; use mode=ray for several" }}{{ end }}
{{- if and (eq $v.mode "ray") $v.state.enabled }}{{ fail "state is of mode=server; with mode=ray, set ray.args.state" }}{{ end }}
{{- if and (eq $v.mode "ray") $v.autoscaling.enabled }}{{ fail "autoscaling is of mode=server; with mode=ray, Ray scales: ray.replicas" }}{{ end }}
{{- if and $v.ingress.enabled (not $v.ingress.host) }}{{ fail "ingress.enabled wants ingress.host" }}{{ end }}
{{- if and (eq $v.mode "ray") (or $v.prometheusRule.enabled $v.dashboard.enabled) }}{{ fail "the alerts and the dashboard are over the metrics of mode=server; Ray's have other names (docs/ray.md)" }}{{ end }}
{{- end }}

{{/* What every container of ours may do: nothing. */}}
{{- define "expertserve.container" -}}
image: {{ include "expertserve.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "expertserve.volumeMounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: home, mountPath: /var/lib/expertserve}
- {name: shm, mountPath: /dev/shm}
{{- if ne .Values.experts.source "image" }}
- {name: cache, mountPath: /var/cache/expertserve}
- name: experts
  mountPath: /experts
  {{- if eq .Values.experts.source "claim" }}
  readOnly: true
  {{- with .Values.experts.claim.subPath }}
  subPath: {{ . }}
  {{- end }}
  {{- end }}
{{- end }}
{{- if ne .Values.models.source "image" }}
- name: models
  mountPath: /models
  {{- if eq .Values.models.source "claim" }}
  readOnly: true
  {{- with .Values.models.claim.subPath }}
  subPath: {{ . }}
  {{- end }}
  {{- end }}
{{- end }}
{{- if include "expertserve.hasKeys" . }}
- {name: keys, mountPath: /etc/expertserve, readOnly: true}
{{- end }}
{{- end }}

{{- define "expertserve.volumes" -}}
- {name: tmp, emptyDir: {}}
- {name: home, emptyDir: {}}
- {name: shm, emptyDir: {medium: Memory, sizeLimit: {{ .Values.shmSizeLimit }}}}
{{- if ne .Values.experts.source "image" }}
- {name: cache, emptyDir: {sizeLimit: {{ .Values.cacheSizeLimit }}}}
{{- if eq .Values.experts.source "claim" }}
- {name: experts, persistentVolumeClaim: {claimName: {{ .Values.experts.claim.name }}, readOnly: true}}
{{- else }}
- {name: experts, emptyDir: {}}
{{- end }}
{{- end }}
{{- if eq .Values.models.source "claim" }}
- {name: models, persistentVolumeClaim: {claimName: {{ .Values.models.claim.name }}, readOnly: true}}
{{- else if eq .Values.models.source "pull" }}
- {name: models, emptyDir: {sizeLimit: {{ .Values.models.sizeLimit }}}}
{{- end }}
{{- if include "expertserve.hasKeys" . }}
- {name: keys, secret: {secretName: {{ include "expertserve.keysSecret" . }}}}
{{- end }}
{{- with .Values.experts.dockerConfigSecret }}
- {name: docker-config, secret: {secretName: {{ . }}, items: [{key: .dockerconfigjson, path: config.json}]}}
{{- end }}
{{- end }}

{{/* Environment of all containers: the offline switch is the image's, and init containers lift it. */}}
{{- define "expertserve.env" -}}
- {name: HF_HOME, value: {{ if eq .Values.models.source "pull" }}/models/.hub{{ else }}/tmp/hub{{ end }}}
{{- with .Values.experts.trust }}
- {name: EXPERTSERVE_TRUST, value: {{ . }}}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "expertserve.trustArgs" -}}
{{- range .Values.experts.trustedKeys }}
- --trusted-key
- {{ . | quote }}
{{- end }}
{{- end }}

{{/* A pod's init containers: base models first, which experts may then find. */}}
{{- define "expertserve.initContainers" -}}
{{- if eq .Values.models.source "pull" }}
{{- range $i, $name := .Values.models.pull }}
- name: pull-{{ $i }}
  {{- include "expertserve.container" $ | nindent 2 }}
  command: [expertserve, models, pull, {{ $name | quote }}]
  env:
    - {name: HF_HUB_OFFLINE, value: "0"}
    {{- with $.Values.models.tokenSecret }}
    - {name: HF_TOKEN, valueFrom: {secretKeyRef: {name: {{ . }}, key: HF_TOKEN}}}
    {{- end }}
    {{- include "expertserve.env" $ | nindent 4 }}
  volumeMounts:
    {{- include "expertserve.volumeMounts" $ | nindent 4 }}
{{- end }}
{{- end }}
{{- if eq .Values.experts.source "fetch" }}
{{- range $i, $address := .Values.experts.fetch }}
- name: fetch-{{ $i }}
  {{- include "expertserve.container" $ | nindent 2 }}
  command: [expertserve, install, {{ $address | quote }}, --experts-dir, /experts]
  {{- with include "expertserve.trustArgs" $ }}
  args:
    {{- . | trim | nindent 4 }}
  {{- end }}
  env:
    - {name: HF_HUB_OFFLINE, value: "0"}
    {{- if $.Values.experts.dockerConfigSecret }}
    - {name: DOCKER_CONFIG, value: /etc/docker-config}
    {{- end }}
    {{- include "expertserve.env" $ | nindent 4 }}
  volumeMounts:
    {{- include "expertserve.volumeMounts" $ | nindent 4 }}
    {{- if $.Values.experts.dockerConfigSecret }}
    - {name: docker-config, mountPath: /etc/docker-config, readOnly: true}
    {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* What a pod of any kind has. */}}
{{- define "expertserve.pod" -}}
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "expertserve.initContainers" . }}
initContainers:
  {{- . | trim | nindent 2 }}
{{- end }}
{{- end }}
