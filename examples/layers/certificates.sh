#!/usr/bin/env bash
# Makes the partners' CA and two client certificates: one that it issued, one that somebody else did.
#   certificates.sh TRUST-DIR CERTIFICATES-DIR
set -euo pipefail
trust=$1 certificates=$2
mkdir -p "$trust" "$certificates"
cd "$certificates"

authority() { # name
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
    -addext basicConstraints=critical,CA:true -addext keyUsage=critical,keyCertSign \
    -keyout "$1.key" -out "$1.pem" 2>/dev/null
}

issue() { # authority, name
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -keyout "$2.key" -out "$2.csr" 2>/dev/null
  openssl x509 -req -in "$2.csr" -CA "$1.pem" -CAkey "$1.key" -CAcreateserial -days 2 -out "$2.pem" \
    -extfile <(printf 'basicConstraints=CA:false\nextendedKeyUsage=clientAuth\n') 2>/dev/null
}

authority partners
authority strangers
issue partners ant
issue strangers wasp
cp partners.pem "$trust/partners.pem"
