{{- define "marketprism.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 40 characters, so that every suffix fits into a DNS label. */}}
{{- define "marketprism.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "marketprism.name" . -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- $full | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Arguments: root, component. */}}
{{- define "marketprism.selectorLabels" -}}
app.kubernetes.io/name: {{ include "marketprism.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "marketprism.labels" -}}
{{ include "marketprism.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: marketprism
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "marketprism.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "marketprism.serviceAccountName" -}}
{{ .Values.operator.serviceAccount.name | default (include "marketprism.fullname" .) }}
{{- end -}}

{{/* The watched namespaces, as a JSON list; not asked with watch.cluster. */}}
{{- define "marketprism.namespaces" -}}
{{- .Values.watch.namespaces | default (list .Release.Namespace) | uniq | toJson -}}
{{- end -}}

{{/* A quantity (10Gi, 1.5G, 1024) in bytes. */}}
{{- define "marketprism.bytes" -}}
{{- $number := regexFind "^[0-9]+([.][0-9]+)?" . | float64 -}}
{{- $units := dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $unit := regexFind "[A-Za-z]*$" . -}}
{{- if not (hasKey $units $unit) -}}{{- fail (printf "%s is no quantity of bytes; write it like 512Mi or 10Gi" .) -}}{{- end -}}
{{- mulf $number (get $units $unit | float64) | int64 -}}
{{- end -}}

{{/* Bytes that JetStream may keep on its volume: the rest is for the file system and for compaction. */}}
{{- define "marketprism.maxFileStore" -}}
{{- mulf (include "marketprism.bytes" .Values.nats.jetstream.fileStore.size | float64) 0.85 | int64 -}}
{{- end -}}

{{- define "marketprism.natsServers" -}}
{{- if .Values.nats.enabled -}}
{{- list (printf "%s://%s-nats.%s.svc:4222" (ternary "tls" "nats" (not (empty .Values.nats.tls.secret))) (include "marketprism.fullname" .) .Release.Namespace) | toJson -}}
{{- else if .Values.nats.servers -}}
{{- .Values.nats.servers | toJson -}}
{{- else -}}
{{- fail "nats.enabled is false and nats.servers is empty: set nats.servers, for example [nats://nats.messaging.svc:4222]" -}}
{{- end -}}
{{- end -}}

{{/* Pod Security restricted, for pods and for containers. */}}
{{- define "marketprism.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "marketprism.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* The users of the chart's NATS, or nothing; a key without the others would lock somebody out. */}}
{{- define "marketprism.natsUsers" -}}
{{- $keys := .Values.nats.auth.nkeys -}}
{{- if or .Values.nats.auth.required $keys.operator $keys.collector $keys.consumer -}}
{{- $users := .Files.Get "files/nats-users.conf" -}}
{{- range list "operator" "collector" "consumer" -}}
{{- $key := get $keys . -}}
{{- if not $key -}}{{- fail (printf "nats.auth.nkeys.%s is empty: nk -gen user -pubout prints a seed (for the Secret) and the public key (for here); set all three" .) -}}{{- end -}}
{{- $users = $users | replace (printf "%s_NKEY" (upper .)) $key -}}
{{- end -}}
{{- $users -}}
{{- end -}}
{{- end -}}

{{/* The Secret with the operator's login. */}}
{{- define "marketprism.operatorSecret" -}}
{{- .Values.control.operatorCredentialsSecret | default .Values.control.credentialsSecret | default "" -}}
{{- end -}}
