#!/bin/sh
# check_twins.sh NM modelled|timed OBJECT...: a modelled object that touches memory must call the model,
# a timed one must not. Objects without code of their own (constant tables) call nobody either way.
nm=$1 kind=$2
shift 2
callback='__tsan_|gcr_model_'
status=0
for object in "$@"; do
  calls=$("$nm" "$object" | grep -E " U ($callback)" | grep -vc ' __tsan_init$')
  has_code=$("$nm" "$object" | grep -ciE '^[0-9a-f]+ t ' )
  if [ "$kind" = timed ] && [ "$calls" -ne 0 ]; then
    echo "$object: a timed object calls the cache model" >&2
    status=1
  elif [ "$kind" = modelled ] && [ "$calls" -eq 0 ] && [ "$has_code" -gt 1 ]; then
    echo "$object: a modelled object never calls the cache model: the instrumentation is missing" >&2
    status=1
  fi
done
exit $status
