#!/bin/sh
# Print the path of a Python that funnelest can use, or say in one sentence what is missing.
# Each candidate is run, because a name on PATH can be a shim that fails when it is called.
# Usage: tools/find_python.sh [PYTHON]

supported='import sys; sys.exit(not (3, 12) <= sys.version_info[:2] < (3, 15))'
where='import sys; print(sys.executable)'

works() { "$1" -c "$supported" >/dev/null 2>&1; }

if [ -n "${1:-}" ]; then
    if works "$1"; then
        exec "$1" -c "$where"
    fi
    found=$("$1" -c 'import sys; sys.stdout.write("%d.%d" % sys.version_info[:2])' 2>/dev/null)
    if [ -n "$found" ]; then
        echo "PYTHON=$1 is Python $found, but funnelest needs Python 3.12, 3.13 or 3.14." >&2
    else
        echo "PYTHON=$1 does not run; give the path of Python 3.12, 3.13 or 3.14." >&2
    fi
    exit 1
fi

for name in python3 python3.13 python3.12 python3.14; do
    if works "$name"; then
        exec "$name" -c "$where"
    fi
    # The first one on PATH may fail while a later one works.
    old_ifs=$IFS
    IFS=:
    for folder in $PATH; do
        if [ -x "$folder/$name" ] && works "$folder/$name"; then
            IFS=$old_ifs
            exec "$folder/$name" -c "$where"
        fi
    done
    IFS=$old_ifs
done

# pyenv can hold a good version that the current folder does not select.
if root=$(pyenv root 2>/dev/null); then
    for path in "$root"/versions/3.1[234]*/bin/python3; do
        if works "$path"; then
            exec "$path" -c "$where"
        fi
    done
fi

echo "No Python 3.12, 3.13 or 3.14 was found: install one (for example 3.13), or say where it is with 'make PYTHON=/path/to/python3.13'." >&2
exit 1
