#!/usr/bin/env bash
# Walks through every layer: switches one on after another and shows what each refuses. See README.md beside this file.
#
#   examples/layers/walk.sh            exit status 0 only if every step held
#
# Needs cargo (unless PORTCULLIS names a built binary), curl, openssl 3 and python3. Touches nothing but a temporary
# directory; every port is a free one.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
portcullis=${PORTCULLIS:-$root/target/release/portcullis}
if [ ! -x "$portcullis" ]; then
  (cd "$root" && cargo build --release)
fi

work=$(mktemp -d)
stack=layers
source_of_evil=127.0.0.66
callback=https://app.example.com/callback
email=ada@example.com
password=Analytical-engine-1843

bold() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || bold() { printf '\n%s\n' "$*"; }
say() { printf '  %s\n' "$*"; }
fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  tail -n 20 "$work/up.log" >&2 || true
  exit 1
}

finish() {
  status=$?
  for process in "${server:-}" "${backend:-}"; do
    [ -z "$process" ] || kill "$process" 2>/dev/null || true
  done
  wait 2>/dev/null || true
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT

# Reads a member of a JSON file: json FILE key key…
json() {
  python3 - "$@" <<'END'
import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2:]:
    value = value[key]
print(value)
END
}

# --- The backend, the keys of partners and producers, the server ------------------------------------------------------

python3 "$here/backend.py" 0 "$work" &
backend=$!
"$here/certificates.sh" "$work/trust" "$work/certificates"
openssl genpkey -algorithm ed25519 -out "$work/producer.pem"
producer_key=$(python3 "$here/sign_event.py" public-key "$work/producer.pem")
for _ in $(seq 100); do [ -s "$work/backend.port" ] && break; sleep 0.1; done
backend_url=http://127.0.0.1:$(cat "$work/backend.port")

# Brings the stack up to what the parameters say; every parameter that is not named is at its default.
parameters=(--parameter "BackendUrl=$backend_url" --parameter "ProducerKey=$producer_key")
layers=()
switch_on() {
  layers+=(--parameter "$1=yes")
  "$portcullis" deploy "$here/template.yaml" --stack "$stack" "${parameters[@]}" "${layers[@]}" --data "$work/data" \
    >"$work/deploy.log" 2>&1 || { cat "$work/deploy.log" >&2; fail "the stack cannot be updated with $1"; }
}

bold "An API without protection"
say "starting; the data is in $work/data"
"$portcullis" up "$here/template.yaml" --stack "$stack" "${parameters[@]}" --data "$work/data" \
  --bucket "trust=$work/trust" --public 127.0.0.1:0 --public-http 127.0.0.1:0 --admin 127.0.0.1:0 --proxy 127.0.0.1:0 \
  >"$work/up.log" 2>&1 &
server=$!
for _ in $(seq 600); do
  [ -s "$work/data/endpoints.json" ] && break
  kill -0 "$server" 2>/dev/null || fail "the server did not start"
  sleep 0.1
done
endpoints=$work/data/endpoints.json
output() { json "$endpoints" stacks "$stack" outputs "$1"; }

https=$(json "$endpoints" public https)
port=${https##*:}
admin=$(json "$endpoints" admin)
region=$(json "$endpoints" region)
domain=$(json "$endpoints" domain)
credentials=$(json "$endpoints" credentials)
key="$(json "$credentials" access_key_id):$(json "$credentials" secret_access_key)"
api=https://$(output ApiId).execute-api.$region.$domain:$port/prod
distribution=https://$(output DistributionId).cloudfront.$domain:$port
partners=https://$(output PartnerApiId).execute-api.$region.$domain:$port/v1
partner_domain=https://partners.portcullis.localhost:$port
web=https://$(output WebApiId).execute-api.$region.$domain:$port
pages=https://$(output Pages).auth.$region.$domain:$port

# --- How a step is shown and held -------------------------------------------------------------------------------------

# Calls with curl; keeps status, headers and body.
call() {
  status=$(curl -sS --noproxy '*' --cacert "$(json "$endpoints" ca)" --resolve "*:$port:127.0.0.1" --max-time 20 \
    -o "$work/body" -D "$work/headers" -w '%{http_code}' "$@" 2>"$work/curl.log") || status="none: $(cat "$work/curl.log")"
  body=$(cat "$work/body" 2>/dev/null || true)
}

# An answer that is wanted: expect STATUS PART-OF-BODY curl-arguments…
expect() {
  local wanted=$1 part=$2
  shift 2
  call "$@"
  say "$status  $(head -c 150 <<<"$body" | tr '\n' ' ')"
  [ "$status" = "$wanted" ] || fail "expected status $wanted from: curl $*"
  [[ $body == *"$part"* ]] || fail "expected \`$part\` in the body of: curl $*"
}

# A refusal that is wanted: refused LAYER STATUS PART-OF-BODY curl-arguments…; the trail must name the layer.
refused() {
  local layer=$1
  shift
  expect "$@"
  explain "$layer"
}

explain() {
  "$portcullis" explain --last --data "$work/data" >"$work/trail"
  sed 's/^/      /' "$work/trail"
  awk -v layer="$1" 'tolower($2) == "refuse" { last = $1 } END { exit last != layer }' "$work/trail" ||
    fail "the trail does not say that the layer \`$1\` refused"
}

# Calls an AWS operation over the wire, signed with the account's own key: aws_call SERVICE curl-arguments…
aws_call() {
  local service=$1
  shift
  call --aws-sigv4 "aws:amz:$region:$service" --user "$key" "$@"
}

expect 200 "a telescope for Ada" "$api/parcels?id=1"

bold "Lock the origin: only the distribution knows the secret"
switch_on LockOrigin
refused firewall 403 '{"message":"Forbidden"}' "$api/parcels?id=1"
expect 200 "a telescope for Ada" "$distribution/parcels?id=1"

bold "SQL injection passes"
injection="$distribution/parcels?id=1%20or%201=1"
expect 200 "a proof for Emmy" "$injection"

bold "Switch on the managed rules: it is refused, though its answer was cached"
switch_on DetectSql
refused firewall 403 "Request blocked." "$injection"
expect 200 "a telescope for Ada" "$distribution/parcels?id=1"

bold "Who are you? The API wants a token of the user pool"
switch_on SignIn
say "what was cached before is not asked again: invalidate it"
aws_call cloudfront -X POST -H 'Content-Type: text/xml' \
  --data '<InvalidationBatch xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Paths><Quantity>1</Quantity><Items><Path>/*</Path></Items></Paths><CallerReference>walk</CallerReference></InvalidationBatch>' \
  "$admin/2020-05-31/distribution/$(output DistributionId)/invalidation"
[ "$status" = 201 ] || fail "the invalidation was refused: $status $body"
refused authorizer 401 '{"message":"Unauthorized"}' "$distribution/parcels?id=1"
say "sign up, confirm with the mailed code, and sign in, as a browser does"
python3 "$here/sign_in.py" --pages "$pages" --client "$(output ClientId)" --callback "$callback" --new \
  --outbox "$work/data/outbox" --ca "$(json "$endpoints" ca)" --email "$email" --password "$password" >"$work/tokens"
token=$(json "$work/tokens" id_token)
expect 200 "a telescope for Ada" -H "Authorization: $token" "$distribution/parcels?id=1"

bold "What do you want? Parameters and bodies are checked before anything behind them"
refused validation 400 "Missing required request parameters: [id]" -H "Authorization: $token" "$distribution/parcels"
refused validation 400 "Invalid request body" -H "Authorization: $token" -H 'Content-Type: application/json' \
  --data '{"parcel": "first", "state": "lost"}' "$distribution/reports"
expect 200 '"FailedEntryCount":0' -H "Authorization: $token" -H 'Content-Type: application/json' \
  --data '{"parcel": 1, "state": "delivered"}' "$distribution/reports"

bold "How often? A key, its plan, its limit"
switch_on Meter
say "no key, and a bad body too: the usage plan comes before the validation"
refused usage-plan 403 '{"message":"Forbidden"}' -H "Authorization: $token" -X POST --data '{' \
  -H 'Content-Type: application/json' "$distribution/reports"
aws_call apigateway "$admin/apikeys/$(output KeyId)?includeValue=true"
[ "$status" = 200 ] || fail "the key cannot be read: $status $body"
api_key=$(json "$work/body" value)
expect 200 '"FailedEntryCount":0' -H "Authorization: $token" -H "X-Api-Key: $api_key" \
  -H 'Content-Type: application/json' --data '{"parcel": 2, "state": "moving"}' "$distribution/reports"
for _ in 1 2 3 4 5; do
  call -H "Authorization: $token" -H "X-Api-Key: $api_key" -H 'Content-Type: application/json' \
    --data '{"parcel": 2, "state": "moving"}' "$distribution/reports"
  [ "$status" = 200 ] || break
done
say "$status  $body"
[ "$status" = 429 ] || fail "six calls at once were let through by a plan of one a second"
explain usage-plan

bold "Machines sign: AWS_IAM"
refused authorizer 403 "Missing Authentication Token" "$partners/ledger"
call --aws-sigv4 "aws:amz:$region:execute-api" --user "$key" "$partners/ledger"
say "$status  $body"
[ "$status" = 200 ] || fail "a signed request was refused"

bold "Partners bring tokens that only a function understands"
refused authorizer 401 '{"message":"Unauthorized"}' "$partners/stamp"
refused authorizer 403 "not authorized" -H 'Authorization: partner-wasp' "$partners/stamp"
expect 200 '"stamped for": "bee"' -H 'Authorization: partner-bee' "$partners/stamp"

bold "From where? The resource policy denies an address, whatever else is right"
refused resource-policy 403 "explicit deny" --interface "$source_of_evil" -H 'Authorization: partner-bee' "$partners/stamp"

bold "Which machine? A domain that wants a client certificate"
certificates=$work/certificates
expect 200 "CN=ant" --cert "$certificates/ant.pem" --key "$certificates/ant.key" "$partner_domain/door"
refused client-certificate 403 "Forbidden" --cert "$certificates/wasp.pem" --key "$certificates/wasp.key" "$partner_domain/door"
refused client-certificate 403 "Forbidden" "$partner_domain/door"

bold "The same people through an HTTP API"
refused authorizer 401 '{"message":"Unauthorized"}' "$web/whoami"
expect 200 "x-forwarded-for" -H "Authorization: Bearer $(json "$work/tokens" id_token)" "$web/whoami"
call -X OPTIONS -H 'Origin: https://app.example.com' -H 'Access-Control-Request-Method: GET' "$web/whoami"
grep -qi '^access-control-allow-origin: https://app.example.com' "$work/headers" || fail "no preflight answer: $status"
say "$status  preflight answered"

bold "What happened? Only what its producer signed is taken, and it arrives signed by us"
say "the consumer reads from Secrets Manager with which key we sign"
aws_call secretsmanager -X POST -H 'X-Amz-Target: secretsmanager.GetSecretValue' \
  -H 'Content-Type: application/x-amz-json-1.1' --data "{\"SecretId\": \"$(output ConsumerSecret)\"}" "$admin/"
[ "$status" = 200 ] || fail "the connection's secret cannot be read: $status $body"
json "$work/body" SecretString >"$work/connection.json"
json "$work/connection.json" webhook_secret >"$work/webhook.secret"
put_event() {
  aws_call events -X POST -H 'X-Amz-Target: AWSEvents.PutEvents' -H 'Content-Type: application/x-amz-json-1.1' \
    --data-binary "@$1" "$admin/"
}
sign() { python3 "$here/sign_event.py" entry "$work/producer.pem" "$(output OutsideBus)" "$@"; }
sign '{"parcel": 3, "state": "delivered"}' >"$work/good.json"
put_event "$work/good.json"
say "$status  $body"
[[ $status == 200 && $body == *'"FailedEntryCount":0'* ]] || fail "a signed event was refused"
for _ in $(seq 100); do
  call "$backend_url/reports"
  [[ $body == *'"parcel": 3'* ]] && break
  sleep 0.1
done
[[ $body == *'"parcel": 3'* ]] || fail "the event did not arrive with a good signature: $body"
say "the consumer has it, and checked our signature"
sed 's/\(\\"parcel\\": *\)3/\14/' "$work/good.json" >"$work/forged.json"
cmp -s "$work/good.json" "$work/forged.json" && fail "nothing was forged"
for kind in forged good; do
  put_event "$work/$kind.json"
  say "$status  $body"
  [[ $body == *'"FailedEntryCount":1'* ]] || fail "a $kind event was taken again"
  explain events
done

bold "What was decided is counted, and written down"
call -H "Authorization: Bearer $(cat "$work/data/metrics.token")" "$admin/metrics"
[ "$status" = 200 ] || fail "no metrics: $status $body"
for layer in firewall resource-policy authorizer usage-plan validation client-certificate events; do
  count=$(awk -v name="portcullis_decisions_total{layer=\"$layer\",outcome=\"refuse\"}" '$1 == name { print $2 }' "$work/body")
  say "$layer refused ${count:-0}"
  [ "${count:-0}" -gt 0 ] || fail "the metrics count no refusal of the layer \`$layer\`"
done
for _ in $(seq 50); do
  log=$(cat "$work"/data/logs/access/*.log 2>/dev/null || true)
  [[ $log == *'"error":"THROTTLED"'* ]] && break
  sleep 0.1
done
grep '"error":"THROTTLED"' <<<"$log" | head -n 1 | sed 's/^/  /'
[[ $log == *"$email"*'"error":"THROTTLED"'* ]] || fail "the access log does not name who was too fast"

bold "Every layer held."
