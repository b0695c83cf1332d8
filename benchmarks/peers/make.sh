#!/bin/sh
# One environment for each tool that benchmarks/peers.py compares with, in FOLDER (about 4 GB).
#     sh benchmarks/peers/make.sh FOLDER
# torch is the build without CUDA that constraints.txt names; fastai needs torchvision, which has no build beside it, and
# is therefore the one AutoGluon model that is left out.
set -e
folder=$1
here=$(dirname "$0")
mkdir -p "$folder"
env() { # name, packages
    name=$1; shift
    [ -x "$folder/$name/bin/python" ] || python3 -m venv "$folder/$name"
    "$folder/$name/bin/python" -m pip install --quiet -c "$here/../../constraints.txt" "$@"
}
env autogluon 'autogluon.tabular[lightgbm,catboost,xgboost,realmlp,tabm]>=1.6' 'ray>=2.43,<2.59' 'xgboost-cpu>=3' torch==2.13.0
env mljar 'mljar-supervised>=1.1' 'pyarrow>=20'
env flaml 'flaml[automl]>=2.3' 'pyarrow>=20' 'xgboost-cpu>=3'
