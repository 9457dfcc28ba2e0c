#!/usr/bin/env bash
# A platform admin's first minute, with curl only. Needs a running `make up`.
#
#   docs/examples/first_alert.sh [http://127.0.0.1:8000]
set -euo pipefail
API="${1:-http://127.0.0.1:8000}/api"

pick() { python3 -c 'import json, sys; print(eval(sys.argv[1], {"r": json.load(sys.stdin)}))' "$1"; }
call() { curl --silent --show-error --fail-with-body -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' "$@"; }

echo "1. Sign in as the demo's admin"
TOKEN=$(curl --silent --fail-with-body "$API/auth/login/" -H 'Content-Type: application/json' \
    -d '{"email": "admin@example.com", "password": "bellwether-demo"}' | pick 'r["tokens"]["access"]')

echo "2. What the monitor has told so far"
call "$API/notifications/recent/?limit=5" | pick '"\n".join("   - " + n["title"] for n in r["notifications"])'

echo "3. Ten health checks in a row, and the number of notifications before and after"
call "$API/notifications/real/?limit=100" | pick '"   before: %d" % r["count"]'
for _ in 1 2 3 4 5 6 7 8 9 10; do
    call "$API/notifications/system/health-check/" >/dev/null
done
call "$API/notifications/real/?limit=100" | pick '"   after:  %d" % r["count"]'

echo "4. Report a problem, and see it"
call "$API/notifications/system/report-problem/" \
    -d '{"problem_type": "Invoices", "description": "The April invoices show no VAT.", "priority": "high"}' |
    pick '"   " + r["message"] + ", notification " + r["notification_id"]'
call "$API/notifications/recent/?limit=1" | pick '"   " + r["notifications"][0]["title"] + ": " + r["notifications"][0]["message"]'

echo "5. Mark all read"
call -X POST "$API/notifications/mark-all-read/" -d '{}' | pick '"   " + r["message"]'
call "$API/notifications/unread-count/" | pick '"   unread now: %d" % r["unread_count"]'
