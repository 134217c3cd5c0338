# Types of a C extension with unusual layouts and allocation (../odd_types.c, found by PYTHONPATH).
import gc

import odd_types


class NamedRow(odd_types.Row):
    pass


class SharedWithDict(odd_types.Shared):
    pass


kept = []
for i in range(1500):
    odd_types.Row([i], i % 7)
    row = NamedRow((i, []), i % 3)
    row.me = row
    odd_types.Late()
    shared = SharedWithDict([i])
    shared.me = [shared]
    held = odd_types.Plain({"i": [i]})
    if i % 40 == 0:
        kept += [row, odd_types.Late(), shared, held, odd_types.Shared(held)]
        del kept[:-200]
print([stats["collections"] for stats in gc.get_stats()], len(kept))
