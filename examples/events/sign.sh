#!/bin/sh
# A producer in a shell: makes a key, prints it for the bus's tag, signs one event. docs/events.md says what is signed.
#
#   sign.sh key FILE                                            makes a key, and prints the value of the tag
#   sign.sh event FILE KEY-ID BUS-ARN SOURCE DETAIL-TYPE        reads a detail (JSON) and prints it with `_signature`
#
# Needs openssl 3 and jq. `jq -cS` writes canonical JSON for whole numbers, lists, objects, and text without DEL.
set -eu

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

case ${1-} in
key)
    (umask 077 && openssl genpkey -algorithm ed25519 -out "$2")
    openssl pkey -in "$2" -pubout -outform DER | tail -c 32 | base64url
    echo
    ;;
event)
    detail=$(cat)
    header=$(jq -ncS --arg kid "$3" --arg aud "$4" --argjson iat "$(date +%s)" --arg jti "$(openssl rand -hex 16)" \
        '{alg: "EdDSA", kid: $kid, aud: $aud, iat: $iat, jti: $jti}' | tr -d '\n' | base64url)
    payload=$(printf %s "$detail" | jq -cS --arg source "$5" --arg type "$6" \
        '{detail: ., "detail-type": $type, resources: [], source: $source}' | tr -d '\n' | base64url)
    signed=$(mktemp)
    trap 'rm -f "$signed"' EXIT
    printf %s "$header.$payload" >"$signed"
    signature=$(openssl pkeyutl -sign -rawin -inkey "$2" -in "$signed" | base64url)
    printf %s "$detail" | jq -c --arg jws "$header..$signature" '. + {_signature: $jws}'
    ;;
*)
    sed -n '2,7s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
