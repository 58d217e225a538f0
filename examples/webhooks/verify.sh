#!/bin/sh
# Whether a webhook of mini-buildd is genuine: with the secret in WEBHOOK_SECRET (whsec_...), the body
# on standard input, and these three fields of the request's header as arguments:
#
#     verify.sh WEBHOOK-ID WEBHOOK-TIMESTAMP WEBHOOK-SIGNATURE <body
#
# It ends with 0 when one of the signatures holds. Compare the timestamp with the clock as well, and
# refuse what is older than five minutes: then nobody can send a request again that they have seen.
set -eu
key=$(printf %s "${WEBHOOK_SECRET#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
made=$({ printf '%s.%s.' "$1" "$2"; cat; } |
	openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64 -w0)
for each in $3; do
	[ "$each" = "v1,$made" ] && exit 0
done
echo "the signature does not hold" >&2
exit 1
