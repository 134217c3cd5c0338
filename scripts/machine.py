"""The machine that measurements are made on, in words: for the notes above tables of figures."""
import os
import re


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"^model name\s*:\s*(.*)$", file.read(), re.M)
    return model.group(1) if model else "unknown processor"


def machine_note():
    return f"{processor()}, {os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f} at the beginning"
