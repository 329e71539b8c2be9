#!/usr/bin/env bash
# Takes every picture in this folder from the real program in a real terminal (tmux).
# Needs: cargo build --release, tmux, python3 with Pillow, DejaVu Sans Mono. About three minutes.
set -euo pipefail
cd "$(dirname "$0")"
program=${1:-../target/release/fluxttice-explorer}
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT

shot() { # picture, size, keys, arguments…
    python3 screen.py "$1" "$2" "$3" "$program" --data-dir "$data" --device cpu "${@:4}"
    echo "$1"
}

# A finished run: all of the built-in model's training, on every chart.
shot train.png 120x36 '@3 1 @1' --explore
shot train-200x60.png 200x60 '@3 1 @1' --explore
shot coverage.png 200x60 '@3 2 @1 Down Right Right' --explore
shot neighbours.png 120x36 '@3 Down Down Down' --explore
shot help.png 120x36 '@3 ? @0.5' --explore
# A run that has just begun, disrupted.
shot live.png 120x36 '@12 d @0.5' --seed 42
shot live-80x24.png 80x24 '@12' --seed 42
python3 screen.py no-colour.png 120x36 '@3 1 @1' env NO_COLOR=1 "$program" --data-dir "$data" --explore
