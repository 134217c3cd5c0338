# Ends by SIGKILL in the middle of its work: what it did until then must be in the trace.
import os
import signal

kept = [[i] for i in range(20000)]
table = {i: [kept[i]] for i in range(5000)}
os.kill(os.getpid(), signal.SIGKILL)
