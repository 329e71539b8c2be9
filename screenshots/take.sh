#!/usr/bin/env bash
# Takes every picture in this folder from the real program in a real terminal (tmux).
# usage: take.sh [PROGRAM]     (else ../target/release/fluxttice-explorer)
# Needs tmux, python3 with Pillow, DejaVu Sans Mono. About eight minutes.
set -euo pipefail
program=$(realpath "${1:-$(dirname "$0")/../target/release/fluxttice-explorer}")
cd "$(dirname "$0")"
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT

# The built-in model: an empty data folder, for --explore prefers runs that it finds.
explore() { # picture, size, steps…
    python3 screen.py "$@" -- "$program" --data-dir "$data/none" --explore
    echo "$1"
}
# A run of its own for each picture.
train() { # picture, size, steps…
    python3 screen.py "$@" -- "$program" --data-dir "$data/$1" --device cpu --seed 42
    echo "$1"
}

explore train.png 120x36 until:'nearest codes of' 1 until:'last epoch' sleep:0.5
explore train-200x60.png 200x60 until:'nearest codes of' 1 until:'last epoch' sleep:0.5
explore coverage.png 200x60 until:'nearest codes of' 2 until:'Jaccard' Down Right Right
explore probability.png 120x36 until:'nearest codes of' 2 m m until:'fair share' n
explore validation.png 160x45 until:'nearest codes of' 5 until:'nothing yet' t until:'every deciding test passes'
explore evidence.png 120x36 until:'nearest codes of' c until:'certified' 5 until:'not checked' v until:'every figure measured'
explore neighbours.png 160x48 until:'nearest codes of' until:'overlap@' 2 until:'Jaccard' 3 p / idempotent Enter until:'among 729'
explore find.png 120x36 until:'nearest codes of' / 'commutative & !associative & entropy > 1' until:'213'
explore point.png 120x36 until:'nearest codes of' 3 / 'min + max - product' Enter until:'H 0.0' p
explore help.png 120x36 until:'nearest codes of' '?' until:'in every view'
train live.png 120x36 until:'now, epoch 8'
train time.png 120x36 until:'now, epoch 14' 3 until:'overlap@' p v v v v v '<' until:'then: epoch 10'
train disruption.png 120x36 until:'now, epoch 4' d until:'from the next batch'
train controls.png 120x36 until:'now, epoch 4' , until:'hold.rho'
# Four seeds through the published jump of β_B.
python3 screen.py population.png 160x45 until:'now, epoch 30' until:'now, epoch 58' -- \
    "$program" --data-dir "$data/population" --device cpu --population seeds=4
echo population.png
# A run without the published jump of β_B, and that jump against its control.
"$program" train --quiet --device cpu --seed 42 --set hold.beta_b=0 --set checkpoint_freq=50 --epochs 50 \
    --out "$data/surge/runs/without-the-jump" > "$data/log"
"$program" experiment "$data/surge/runs/without-the-jump@0049" beta-b:amplitude=0.212,epochs=5 --horizon 20 \
    --device cpu --quiet > "$data/log"
python3 screen.py experiment.png 160x45 until:'nearest codes of' 4 until:'newest first' Down until:'it helped' -- \
    "$program" --data-dir "$data/surge" --explore
echo experiment.png
train misleading.png 120x36 until:'now, epoch 8' u until:'rounded expectation'
train live-80x24.png 80x24 until:'now, epoch 8'
NO_COLOR=1 python3 screen.py no-colour.png 120x36 until:'nearest codes of' 1 until:'last epoch' sleep:0.5 -- \
    env NO_COLOR=1 "$program" --data-dir "$data/none" --explore
echo no-colour.png
