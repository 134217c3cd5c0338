#!/usr/bin/env python3
"""Writes FOLDER/manifest.json: what is in each recording of a folder, and how it was made.

usage: trace_manifest.py GCREPLAY FOLDER < LINES

LINES say what each recording is, in the manifest's order: file name, tab, words for people. Everything
else comes from the recordings themselves.
"""

import json
import os
import subprocess
import sys


def describe(gcreplay, folder, name, what):
    info = json.loads(
        subprocess.run(
            [gcreplay, "info", os.path.join(folder, name), "--json"], check=True, stdout=subprocess.PIPE
        ).stdout
    )
    meta, kinds = info["meta"], info["events_by_kind"]
    return {
        "file": name,
        "what": what,
        "command": meta.get("command"),
        "mode": meta.get("mode"),
        "python": meta.get("python"),
        "bytes": info["bytes"],
        "digest": info["digest"],
        "events": info["events"],
        "processes": len(info["lanes"]),
        "objects": info["objects"],
        "peak_live_bytes": info["peak_live_bytes"],
        "requests": kinds.get("request", 0) // 2,
        "losses": {name: n for name, n in meta.get("losses", {}).items() if n != 0},
        "capabilities": info["capabilities"],
    }


def main():
    gcreplay, folder = sys.argv[1:]
    rows = [line.rstrip("\n").split("\t") for line in sys.stdin]
    manifest = {
        "schema": "gcreplay-recordings-1",
        "recordings": [describe(gcreplay, folder, name, what) for name, what in rows],
    }
    with open(os.path.join(folder, "manifest.json"), "w", encoding="utf-8") as out:
        json.dump(manifest, out, indent=1)
        out.write("\n")
    for row in manifest["recordings"]:
        print(
            f'{row["file"]:<22} {row["bytes"]:>11} bytes {row["events"]:>10} events {row["processes"]:>3} processes'
            f' {row["requests"]:>6} requests  {row["digest"]}  {row["mode"]}'
        )


if __name__ == "__main__":
    main()
