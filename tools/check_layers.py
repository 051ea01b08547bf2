#!/usr/bin/env python3
"""Holds the includes of every module against the layering.

Rules, for every file below holon/:
  1. A module includes another only if its CMakeLists.txt names that one under DEPENDS.
  2. DEPENDS names only modules that come earlier in the list of modules in the top CMakeLists.txt.
  3. A third-party library is included in its one module alone (LIBRARIES below), apps/ and tests not excepted.
  4. Nothing below holon/ includes apps/, bench/ or verification/.
Prints each breach as file:line and ends with status 1 if there is one.
"""
import re
import sys
from pathlib import Path

# Headers of a library and the only folder that may include them.
LIBRARIES = [
    ("UDUNITS-2", re.compile(r"udunits2?\.h|converter\.h"), "holon/base"),
    ("LLVM", re.compile(r"llvm(-c)?/"), "holon/expr"),
    ("HDF5", re.compile(r"hdf5|H5"), "holon/engine"),
    ("yaml-cpp", re.compile(r"yaml-cpp/"), "holon/modelfile"),
    ("SUNDIALS", re.compile(r"(sundials|cvodes?|idas?|nvector|sunmatrix|sunlinsol|sunnonlinsol)/"), "holon/kinetics"),
    ("FFTW", re.compile(r"fftw3"), "holon/transport"),
    ("Eigen", re.compile(r"Eigen/"), "holon/analysis"),
    ("zlib", re.compile(r"zlib\.h"), "holon/report"),
    ("deal.II", re.compile(r"deal\.II/"), "holon/fem"),
    ("CLI11", re.compile(r"CLI/"), "apps/holon"),
]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def modules_in_order(root):
    text = (root / "CMakeLists.txt").read_text()
    loop = re.search(r"foreach\(module ([^)]*)\)", text)
    if not loop:
        sys.exit("check_layers: the top CMakeLists.txt has no 'foreach(module ...)'")
    return loop.group(1).split()


def depends_of(root, module):
    text = (root / "holon" / module / "CMakeLists.txt").read_text()
    call = re.search(r"holon_module\(" + module + r"\b([^)]*)\)", text)
    if not call:
        sys.exit(f"check_layers: holon/{module}/CMakeLists.txt has no 'holon_module({module} ...)'")
    words = call.group(1).split()
    if "DEPENDS" not in words:
        return []
    names = words[words.index("DEPENDS") + 1 :]
    return names[: names.index("LIBRARIES")] if "LIBRARIES" in names else names


def includes(file):
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(2)


def sources(folder):
    return sorted(f for f in folder.rglob("*") if f.suffix in (".cpp", ".hpp", ".h"))


def breaches(root):
    order = modules_in_order(root)
    found = []
    for folder in sorted((root / "holon").iterdir()):
        if folder.is_dir() and folder.name not in order:
            found.append(f"holon/{folder.name}: not in the list of modules of the top CMakeLists.txt")
    for position, module in enumerate(order):
        depends = depends_of(root, module)
        for other in depends:
            if other not in order[:position]:
                found.append(f"holon/{module}/CMakeLists.txt: DEPENDS {other}, which does not come earlier in the list of modules")
        for file in sources(root / "holon" / module):
            for number, name in includes(file):
                place = f"{file.relative_to(root)}:{number}"
                if re.match(r"(apps|bench|verification)/", name):
                    found.append(f"{place}: a module includes {name}")
                match = re.match(r"holon/([^/]+)/", name)
                if match and match.group(1) != module and match.group(1) not in depends:
                    found.append(f"{place}: {module} includes {name}, but {match.group(1)} is not in its DEPENDS ({' '.join(depends)})")
    for top in ("holon", "apps", "bench", "verification"):
        if not (root / top).is_dir():
            continue
        for file in sources(root / top):
            path = file.relative_to(root)
            for number, name in includes(file):
                for library, header, home in LIBRARIES:
                    if header.match(name) and not str(path).startswith(home + "/"):
                        found.append(f"{path}:{number}: {library} ({name}) may be included in {home} alone")
    return found


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    found = breaches(root)
    for breach in found:
        print(breach)
    if found:
        sys.exit(1)
    print(f"the includes of {len(modules_in_order(root))} modules keep to the layers")


if __name__ == "__main__":
    main()
