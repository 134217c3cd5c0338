# docs/cli is what the tables say; every back end and every command has its page.
. "$(dirname "$0")/expect.sh"
ran='scripts/docs.sh --check'
out=$("$root/scripts/docs.sh" --check "$gcreplay" 2>&1)
code=$?
expect_code 0
for name in $(collectors); do
  expect "docs/collectors/$name.md exists" [ -s "$root/docs/collectors/$name.md" ]
done
for command in record generate dump assemble info check list run compare diff; do
  expect "docs/cli/$command.md exists" [ -s "$root/docs/cli/$command.md" ]
done
finish
