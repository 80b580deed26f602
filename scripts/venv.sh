# Sourced by the scripts: makes .venv beside the project once and installs the project into it.
# VIDSTYLE_VENV names another place for it; PYTHON another interpreter.

venv="${VIDSTYLE_VENV:-.venv}"

install() {  # install [EXTRA...]: the project in editable form, with the extras named
  local extras stamp
  extras=$(IFS=,; echo "$*")
  stamp="$venv/.installed-${extras:-plain}"
  if [ ! -x "$venv/bin/python" ]; then
    "${PYTHON:-python3}" -c 'import sys; sys.exit("vidstyle needs Python 3.11 or newer; set PYTHON to one") if sys.version_info < (3, 11) else None'
    echo "making a virtual environment in $venv"
    "${PYTHON:-python3}" -m venv "$venv"
  fi
  if [ ! -e "$stamp" ] || [ pyproject.toml -nt "$stamp" ]; then
    echo "installing vidstyle${extras:+ with $extras} (the first time takes a minute or two)"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -e ".${extras:+[$extras]}"
    touch "$stamp"
  fi
  PATH="$PWD/$venv/bin:$PATH"
  case "$venv" in /*) PATH="$venv/bin:$PATH" ;; esac
}

run_tests() {  # run_tests [ARGUMENT...]: pytest, on each core a file of tests at a time, one thread each
  # Small tensors gain nothing by threads; more than four processes would take much memory.
  OMP_NUM_THREADS=1 python -m pytest --numprocesses=logical --maxprocesses=4 --dist=loadfile "$@"
}
