# Wrong usage: exit code 2 and one line that says what and, where there is a near one, which was meant.
. "$(dirname "$0")/expect.sh"

gcr
expect_code 2
expect_err 'usage: gcreplay COMMAND'

gcr --help
expect_code 0
expect_no_err
for command in record generate dump assemble info check annotate list run compare diff; do
  expect_out "  $command "
  gcr "$command" --help
  expect_code 0
  expect_no_err
  expect_out "usage: gcreplay $command"
  gcr "$command" -h
  expect_code 0
  gcr --help
done

gcr --version
expect_code 0
expect "a version number" grep -qE '^gcreplay [0-9]+\.[0-9]+\.[0-9]+$' <<<"$out"

gcr cmpare
expect_usage "unknown command 'cmpare'; did you mean 'compare'?"
gcr explode
expect_usage "unknown command 'explode'"
gcr --verzion
expect_code 2

must generate ring --set rings=20 -o t.gct
gcr run t.gct --colector epsilon
expect_usage 'unknown flag --colector; did you mean --collector?'
gcr run t.gct -z
expect_usage 'unknown flag -z'
gcr run t.gct
expect_usage 'missing -c, --collector NAME'
gcr run -c epsilon
expect_usage 'missing TRACE'
gcr run t.gct -c
expect_usage '-c needs a value: NAME'
gcr run t.gct -c epsilon -c epsilon
expect_usage '--collector is given twice'
gcr run t.gct other.gct -c epsilon
expect_usage "unexpected argument 'other.gct'"
gcr run t.gct -c epsilon --final-collection=yes
expect_usage '--final-collection takes no value'
gcr run t.gct -c epsilonn
expect_usage "no back end is named 'epsilonn'; known: "
for name in $(collectors); do expect_err "$name"; done
gcr run t.gct -c semispace --set nothing=1
expect_usage "semispace: unknown option 'nothing'; known options: "
gcr run t.gct -c semispace --set nothing
expect_usage 'expected NAME=VALUE'
for junk in junk -1 0 1.5 2.5y 0x 2000x 1..2x 99999999999999999999G ''; do
  gcr run t.gct -c semispace "--heap=$junk"
  expect_usage "--heap cannot be '$junk'"
done
gcr run t.gct -c semispace --verify=maybe
expect_usage "--verify cannot be 'maybe'; allowed: on, every, off"

gcr compare t.gct -c semispace,nothing
expect_usage "no back end is named 'nothing'"
gcr compare t.gct -c semispace,semispace
expect_usage "twice"
gcr compare t.gct -c semispace, -o dir
expect_usage "no back end is named ''"
gcr compare t.gct -c semispace --set start=1
expect_usage 'expected NAME.OPTION=VALUE'
gcr compare t.gct -c semispace --set epsilon.a=1
expect_usage "'epsilon' is not among the back ends of -c"
gcr compare -c all
expect_usage 'missing TRACE...'
gcr compare t.gct -c semispace -o t.gct
expect_usage 't.gct: cannot make the directory'

gcr dump t.gct --lane 1
expect_usage "--lane cannot be '1'; t.gct has lanes 0 .. 0"
gcr dump t.gct --lane -1
expect_usage "--lane cannot be '-1'"
gcr dump t.gct --lane zero
expect_usage "--lane cannot be 'zero'"
gcr assemble t.gtt
expect_usage 'missing -o, --output TRACE'
gcr info
expect_usage 'missing TRACE'

# A file whose name begins with a dash, after --.
cp t.gct ./-dash.gct
gcr info -- -dash.gct
expect_code 0
# Flags before, after and between positional words.
gcr run --verify=on -c semispace t.gct --final-collection
expect_code 0
gcr run --verify t.gct -c semispace
expect_code 0
expect_out 'verified     yes'
finish
