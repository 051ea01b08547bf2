// The equation compiler's code for NEON, executed: an object is emitted, linked into a small program by a
// cross compiler, and run under an emulator.
#include "holon/base/file.hpp"
#include "holon/base/test_folder.hpp"
#include "holon/expr/kernel_case.hpp"

#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace holon::expr {
namespace {

/// Reads columns, runs the kernel over all of them, writes its outputs and how many vectors it reported.
const char* const driver = R"cpp(
#include <cstdint>
#include <cstdio>
#include <vector>
  extern "C" std::int64_t holon_kernel(const double* const*, double* const*, const double*, std::int64_t,
                                       std::int64_t, double*, std::int64_t*);
  extern "C" const std::uint64_t holon_kernel_lanes, holon_kernel_scratch;
  int main(int, char** arguments) {
    std::int64_t size[3];  // inputs, outputs, sites
    std::FILE* file = std::fopen(arguments[1], "rb");
    if (file == nullptr || std::fread(size, sizeof size, 1, file) != 1 || holon_kernel_lanes != 2) return 1;
    const auto sites = static_cast<std::size_t>(size[2]);
    std::vector<std::vector<double>> columns(size[0] + size[1], std::vector<double>(sites));
    for (std::int64_t c = 0; c < size[0]; ++c)
      if (std::fread(columns[c].data(), sizeof(double), sites, file) != sites) return 1;
    std::fclose(file);
    std::vector<const double*> in;
    std::vector<double*> out;
    for (std::int64_t c = 0; c < size[0]; ++c) in.push_back(columns[c].data());
    for (std::int64_t c = 0; c < size[1]; ++c) out.push_back(columns[size[0] + c].data());
    std::vector<double> scratch(holon_kernel_scratch + 8);
    std::vector<std::int64_t> unresolved(sites);
    const double uniforms[] = {1.25};
    const double reported = static_cast<double>(
        holon_kernel(in.data(), out.data(), uniforms, 0, size[2], scratch.data(), unresolved.data()));
    file = std::fopen(arguments[2], "wb");
    std::fwrite(&reported, sizeof reported, 1, file);
    for (const double* column : out) std::fwrite(column, sizeof(double), sites, file);
    return std::fclose(file);
  }
)cpp";

bool present(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

/// What a cell model is made of: multiples of one exponent, quotients, powers, branches, and the rest of the
/// functions.
void add_outputs(KernelCase& c) {
  Graph& g = c.graph;
  const Node v = c.column("v"), x = c.column("x"), k = c.uniform("k", 0);
  const auto number = [&](double value) { return g.constant(value); };
  const auto rate = [&](double shift, double scale) {
    return g.make(Op::exp, g.divide(g.add(v, number(shift)), number(scale)));
  };
  const Node one = number(1.0);
  const Node alpha = g.divide(one, g.add(one, rate(40.0, -5.0)));
  const Node beta = g.divide(number(0.1), g.add(one, rate(35.0, 10.0)));
  c.source.outputs = {
      g.divide(g.multiply(k, alpha), g.add(alpha, beta)),
      g.add(x, g.multiply(g.make(Op::log, x), rate(-20.0, 20.0))),
      g.make(Op::power, x, number(2.1)),
      g.make(Op::select, g.make(Op::less, v, number(-40.0)), g.make(Op::sqrt, x), g.make(Op::sin, v)),
      g.make(Op::tanh, g.multiply(x, k)),
  };
}

TEST(Neon, CodeRunsAndGivesTheNumbersOfThisMachine) {
  for (const char* tool : {"aarch64-linux-gnu-g++", "qemu-aarch64"})
    ASSERT_TRUE(present(tool)) << tool << " is missing; ./dev verify installs it";
  KernelCase c;
  add_outputs(c);
  constexpr std::size_t sites = 4096;
  std::vector<std::vector<double>> columns(2, std::vector<double>(sites));
  for (std::size_t i = 0; i < sites; ++i) {
    columns[0][i] = -120.0 + 200.0 * static_cast<double>(i * 37 % sites) / sites;
    columns[1][i] = 1e-6 + 12.0 * static_cast<double>(i * 101 % sites) / sites;
  }
  const test::Folder folder;
  const auto path = [&](const std::string& name) { return (folder.path() / name).string(); };
  write_file(path("kernel.o"), emit_object(c.source, compiled_for(InstructionSet::neon)));
  write_file(path("driver.cpp"), driver);
  {
    std::ofstream file(path("in"), std::ios::binary);
    const std::int64_t size[] = {2, static_cast<std::int64_t>(c.source.outputs.size()), sites};
    file.write(reinterpret_cast<const char*>(size), sizeof size);
    for (const auto& column : columns)
      file.write(reinterpret_cast<const char*>(column.data()), sizeof(double) * sites);
  }
  ASSERT_EQ(std::system(("aarch64-linux-gnu-g++ -std=c++17 -O1 -static -o " + path("program") + " " +
                         path("driver.cpp") + " " + path("kernel.o"))
                            .c_str()),
            0);
  ASSERT_EQ(std::system(("qemu-aarch64 " + path("program") + " " + path("in") + " " + path("out")).c_str()),
            0);
  const std::string bytes = read_file(path("out"));
  std::vector<double> found(bytes.size() / sizeof(double));
  ASSERT_EQ(found.size(), 1 + sites * c.source.outputs.size());
  std::memcpy(found.data(), bytes.data(), bytes.size());
  EXPECT_EQ(found[0], 0.0) << "vectors out of the range that the code covers";

  KernelOptions options;
  options.tier = Tier::interpreter;
  const auto expected = c.run(Kernel::make(c.source, options), columns, {1.25});
  for (std::size_t k = 0; k < expected.size(); ++k)
    for (std::size_t i = 0; i < sites; ++i)
      ASSERT_NEAR(found[1 + k * sites + i], expected[k][i], 1e-14 * std::max(1.0, std::fabs(expected[k][i])))
          << "output " << k << " at site " << i;
}

}  // namespace
}  // namespace holon::expr
