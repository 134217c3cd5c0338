# --control: perf's protocol, spoken to something that is not perf and, where it may count, to perf.
. "$(dirname "$0")/expect.sh"
must generate fork-gc --set objects=500 --set pairs=2000 -o fork.gct
mkfifo command answer
cat >listener.py <<'PY'
# Holds both FIFOs open like perf, notes every command, answers each with the word given, until it
# reads "end".
import os, sys
answer_with = sys.argv[1]
command = os.open("command", os.O_RDWR)
answer = os.open("answer", os.O_RDWR)
open("ready", "w").close()
text = b""
with open("heard", "w") as heard:
    while True:
        text += os.read(command, 4096)
        while b"\n" in text:
            line, text = text.split(b"\n", 1)
            if line == b"end":
                sys.exit(0)
            heard.write(line.decode() + "\n")
            heard.flush()
            if answer_with:
                os.write(answer, answer_with.encode() + b"\n\0")
PY

# listen WORD: starts it; stop ends it.
listen() {
  rm -f ready heard
  python3 listener.py "$1" &
  listener=$!
  while [ ! -e ready ]; do sleep 0.05; done
}
stop() {
  echo end >command
  wait "$listener"
}

# Three processes: on and off around each, answered and unanswered.
for paths in command,answer command; do
  listen ack
  must run fork.gct -c semispace --control "$paths"
  expect_no_err
  stop
  expect "three times on and off with $paths" [ "$(tr '\n' ' ' <heard)" = \
    'enable disable enable disable enable disable ' ]
done
# Also where the replay fails on its way.
listen ack
gcr run fork.gct -c epsilon --heap 64K --control command,answer
expect_code 1
stop
expect "off again after a failed lane" [ "$(tail -n 1 heard)" = disable ]
listen no
gcr run fork.gct -c semispace --control command,answer
expect_code 1
expect_one_line_err
expect_err "the answer to 'enable' is 'no', not 'ack'"
stop

# Wrong paths.
gcr run fork.gct -c semispace --control command
expect_usage '--control: nobody reads command; run this under'
gcr run fork.gct -c semispace --control fork.gct
expect_usage '--control: fork.gct is not a FIFO (mkfifo makes one)'
gcr run fork.gct -c semispace --control nowhere
expect_usage '--control: nowhere: No such file'
listen ack
gcr run fork.gct -c semispace --control command,nowhere
expect_usage '--control: nowhere: No such file'
stop
gcr compare fork.gct -c semispace --control command
expect_usage '--control'

# perf: nothing is counted but the replay. Without the words nothing is counted at all.
if command -v perf >/dev/null && perf stat -x, -e minor-faults true 2>counted && grep -q '^[1-9]' counted; then
  counts() { awk -F, '/minor-faults/ { print $1 }' "$1"; }
  perf stat -x, -o counted -e minor-faults -D -1 --control fifo:command,answer -- \
    "$gcreplay" run fork.gct -c semispace --control command,answer >/dev/null
  perf stat -x, -o silent -e minor-faults -D -1 --control fifo:command,answer -- \
    "$gcreplay" run fork.gct -c semispace >/dev/null
  perf stat -x, -o all -e minor-faults -- "$gcreplay" run fork.gct -c semispace >/dev/null
  ran="perf stat: $(counts silent) without the words, $(counts counted) with them, $(counts all) in all"
  expect "nothing is counted before the first word" [ "$(counts silent)" = '<not counted>' ]
  expect "the replay is counted" [ "$(counts counted)" -gt 0 ]
  expect "the rest is not" [ "$(counts counted)" -lt "$(counts all)" ]
else
  echo "control: perf is absent or may not count; its protocol was spoken to a stand-in only"
fi
finish
