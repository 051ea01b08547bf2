#!/usr/bin/env python3
"""Tests of check_layers.py on small trees made for the purpose."""
import tempfile
import unittest
from pathlib import Path

from check_layers import breaches


class CheckLayers(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.write("CMakeLists.txt", "foreach(module base expr space)\nendforeach()\n")
        self.write("holon/base/CMakeLists.txt", "holon_module(base LIBRARIES fmt::fmt)\n")
        self.write("holon/expr/CMakeLists.txt", "holon_module(expr DEPENDS base LIBRARIES LLVM)\n")
        self.write("holon/space/CMakeLists.txt", "holon_module(space DEPENDS base)\n")
        self.write("holon/base/unit.cpp", '#include "holon/base/unit.hpp"\n#include <udunits2.h>\n')
        self.write("holon/expr/graph.cpp", '#include "holon/base/unit.hpp"\n#include <llvm/IR/Module.h>\n')

    def tearDown(self):
        self.folder.cleanup()

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def assert_breach(self, words):
        found = breaches(self.root)
        self.assertEqual(len(found), 1, found)
        self.assertIn(words, found[0])

    def test_a_tree_that_keeps_to_the_layers_has_no_breach(self):
        self.assertEqual(breaches(self.root), [])

    def test_an_include_that_is_not_in_depends(self):
        self.write("holon/space/grid.cpp", '// a grid\n  #  include "holon/expr/graph.hpp"\n')
        self.assert_breach("holon/space/grid.cpp:2: space includes holon/expr/graph.hpp")

    def test_a_test_is_held_to_the_same_rule(self):
        self.write("holon/base/unit_test.cpp", '#include "holon/space/grid.hpp"\n')
        self.assert_breach("holon/base/unit_test.cpp:1")

    def test_depends_on_a_later_module(self):
        self.write("holon/base/CMakeLists.txt", "holon_module(base DEPENDS\n  space)\n")
        self.assert_breach("DEPENDS space")

    def test_a_library_outside_its_module(self):
        self.write("holon/space/grid.cpp", "#include <llvm/IR/Module.h>\n")
        self.assert_breach("holon/space/grid.cpp:1: LLVM")

    def test_a_library_in_an_application(self):
        self.write("apps/holon/main.cpp", "#include <hdf5.h>\n")
        self.assert_breach("apps/holon/main.cpp:1: HDF5")

    def test_a_module_that_includes_an_application(self):
        self.write("holon/space/grid.cpp", '#include "apps/holon/run.hpp"\n')
        self.assert_breach("a module includes apps/holon/run.hpp")

    def test_a_folder_that_is_no_module(self):
        self.write("holon/helpers/list.cpp", "\n")
        self.assert_breach("holon/helpers: not in the list of modules")


if __name__ == "__main__":
    unittest.main()
