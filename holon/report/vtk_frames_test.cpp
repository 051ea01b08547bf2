#include "holon/report/vtk_frames.hpp"

#include "holon/base/error.hpp"
#include "holon/base/file.hpp"
#include "holon/report/vtk_image.hpp"
#include "holon/report/vtk_points.hpp"
#include "holon/space/population.hpp"
#include "holon/space/radial_space.hpp"

#include <cmath>

#include <gtest/gtest.h>
#include <unistd.h>

namespace holon::report {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<const Space> grid(GridSpace::Sites sites) {
  return std::make_shared<GridSpace>(
      "tissue", sites, std::vector<GridSpace::Axis>{{300, 0.25, 1.0, false}, {200, 0.5, 0.0, false}});
}

FieldFrame frame(const std::shared_ptr<const Space>& space, double time, std::int64_t number) {
  FieldFrame out{"waves", time, number, space, {}};
  std::vector<double> values(space->sites());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(0.1 * static_cast<double>(i) + time);
  out.columns.push_back({"V <1> & \"2\"", Unit::parse("mV"), values});
  out.columns.push_back({"u", Unit{}, std::vector<double>(space->sites(), time)});
  return out;
}

class Folder : public testing::Test {
 protected:
  Folder() : path(fs::temp_directory_path() / ("holon_frames_" + std::to_string(::getpid()))) {
    fs::remove_all(path);
  }
  ~Folder() override { fs::remove_all(path); }
  fs::path path;
};
using VtkFramesInAFolder = Folder;

TEST(VtkImage, ReadsBackNodesBitByBit) {
  const auto space = grid(GridSpace::Sites::nodes);  // 60501 sites: several compressed blocks
  const FieldFrame written = frame(space, 0.0025, 0);
  const Image image = read_vti(vti_text(image_of(written, Unit::parse("ms"))), "a.vti");
  EXPECT_EQ(image.count, (std::array<std::size_t, 3>{301, 201, 1}));
  EXPECT_EQ(image.origin[0], 1.0);
  EXPECT_EQ(image.spacing[1], 0.5);
  EXPECT_EQ(image.dimensions, 2);
  EXPECT_DOUBLE_EQ(image.time, 2.5);
  EXPECT_EQ(image.time_unit, "ms");
  ASSERT_EQ(image.columns.size(), 2U);
  EXPECT_EQ(image.columns[0].name, "V <1> & \"2\"");
  EXPECT_EQ(image.columns[0].unit, "mV");
  EXPECT_EQ(image.columns[0].values, written.columns[0].values);
  EXPECT_EQ(image.columns[1].values, written.columns[1].values);
}

TEST(VtkImage, ShellsBecomeCellsBetweenTheirRadii) {
  const std::vector<double> radii{1.0, 1.5, 2.5, 4.5};
  const auto shells = std::make_shared<RadialSpace>("medium", RadialSpace::Symmetry::sphere, radii);
  const FieldFrame written = frame(shells, 0.0, 0);
  const Image made = image_of(written, Unit::parse("ms"));
  EXPECT_EQ(file_extension(made), ".vtr");
  const std::string text = vti_text(made);
  EXPECT_NE(text.find("<RectilinearGrid WholeExtent=\"0 3 0 0 0 0\">"), std::string::npos);
  EXPECT_NE(text.find("<CellData>"), std::string::npos);
  const Image image = read_vti(text, "a.vtr");
  EXPECT_EQ(image.radii, radii);
  EXPECT_TRUE(image.cells);
  ASSERT_EQ(image.columns.size(), 2U);
  EXPECT_EQ(image.columns[0].values, written.columns[0].values);
}

TEST(VtkImage, CellCentresBecomeCellsOfTheSameGrid) {
  const auto space = grid(GridSpace::Sites::cells);
  const std::string text = vti_text(image_of(frame(space, 0.0, 0), Unit::parse("ms")));
  EXPECT_NE(text.find("WholeExtent=\"0 300 0 200 0 0\""), std::string::npos);
  EXPECT_NE(text.find("Origin=\"1 0 0\""), std::string::npos);
  EXPECT_NE(text.find("<CellData>"), std::string::npos);
  const Image image = read_vti(text, "a.vti");
  EXPECT_EQ(image.count, (std::array<std::size_t, 3>{300, 200, 1}));
  EXPECT_EQ(image.origin[0], 1.125);  // the first centre
}

TEST(VtkImage, EveryCutOffFileIsRefusedAndNoneCrashes) {
  const auto space = std::make_shared<GridSpace>("line", GridSpace::Sites::nodes,
                                                 std::vector<GridSpace::Axis>{{7, 1.0, 0.0, false}});
  const std::string text = vti_text(image_of(frame(space, 0.0, 0), Unit{}));
  const std::size_t tail = std::string("\n</AppendedData>\n</VTKFile>\n").size();
  for (std::size_t length = 0; length + tail < text.size(); ++length)
    EXPECT_THROW(read_vti(std::string_view(text).substr(0, length), "a.vti"), InputError) << length;
}

TEST(VtkImage, OtherSpacesThanGridsAreRefusedWithAWayOut) {
  try {
    image_of(frame(std::make_shared<PointSpace>("cell"), 0.0, 0), Unit{});
    FAIL();
  } catch (const InputError& error) { EXPECT_NE(std::string(error.what()).find("probe"), std::string::npos); }
}

TEST_F(VtkFramesInAFolder, AreListedWithTheirTimes) {
  const auto space = grid(GridSpace::Sites::nodes);
  VtkFrames frames(path, Unit::parse("ms"));
  for (int k = 0; k < 3; ++k) frames.write(frame(space, 0.001 * k, k));
  frames.flush();
  const auto list = read_pvd(read_file(path / "waves.pvd"), "waves.pvd");
  ASSERT_EQ(list.size(), 3U);
  EXPECT_DOUBLE_EQ(list[2].time, 2.0);
  EXPECT_EQ(list[2].file, "waves_000002.vti");
  EXPECT_TRUE(fs::exists(path / list[2].file));
}

TEST_F(VtkFramesInAFolder, AreContinuedFromTheFrameAfterTheCheckpoint) {
  const auto space = grid(GridSpace::Sites::nodes);
  {
    VtkFrames frames(path, Unit::parse("ms"));
    for (int k = 0; k < 4; ++k) frames.write(frame(space, 0.001 * k, k));
    frames.flush();
  }
  VtkFrames resumed(path, Unit::parse("ms"));
  resumed.write(frame(space, 0.002, 2));
  resumed.flush();
  const auto list = read_pvd(read_file(path / "waves.pvd"), "waves.pvd");
  ASSERT_EQ(list.size(), 3U);
  EXPECT_DOUBLE_EQ(list[2].time, 2.0);
}

TEST_F(VtkFramesInAFolder, AgentsAreWrittenAsPointsAlsoWhenTheirNumberChanges) {
  const auto cells =
      std::make_shared<Population>("cells", grid(GridSpace::Sites::cells), 3, Population::Placement{});
  {
    VtkFrames frames(path, Unit::parse("s"));
    for (std::int64_t k = 0; k < 3; ++k) {
      FieldFrame out{"crowd", static_cast<double>(k), k, cells, {}};
      out.points.assign(static_cast<std::size_t>(2 * k), {1.0, 2.0, 0.0});
      out.columns.push_back({"id", Unit{}, std::vector<double>(out.points.size(), 7.0)});
      frames.write(out);
    }
    frames.flush();
  }
  const auto list = read_pvd(read_file(path / "crowd.pvd"), "crowd.pvd");
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[2].file, "crowd_000002.vtp");
  EXPECT_EQ(list[2].time, 2.0);
  const std::string text = read_file(path / "crowd_000002.vtp");
  for (const char* part : {"type=\"PolyData\"", "NumberOfPoints=\"4\"", "NumberOfVerts=\"4\"",
                           "Name=\"id [1]\"", "NumberOfComponents=\"3\"", "Name=\"connectivity\""})
    EXPECT_NE(text.find(part), std::string::npos) << part;
  EXPECT_NE(read_file(path / "crowd_000000.vtp").find("NumberOfPoints=\"0\""), std::string::npos);
  EXPECT_TRUE(read_vtp(read_file(path / "crowd_000000.vtp"), "crowd_000000.vtp").places.empty());
}

TEST(VtkPoints, AreReadBackBitByBitWithTheirBoxAndUnits) {
  const auto cells =
      std::make_shared<Population>("cells", grid(GridSpace::Sites::cells), 3, Population::Placement{});
  FieldFrame out{"crowd", 90.0, 0, cells, {}};
  for (int k = 0; k < 20000; ++k) out.points.push_back({1.0 + 0.001 * k, std::sqrt(k) / 3.0, 0.0});
  std::vector<double> values;
  for (int k = 0; k < 20000; ++k) values.push_back(std::cos(k));
  out.columns.push_back({"radius", Unit::parse("m"), values});
  out.columns.push_back({"V <1>", Unit::parse("mV"), std::vector<double>(20000, -80.0)});
  const std::string text = vtp_text(out, Unit::parse("min"));
  const AgentImage image = read_vtp(text, "a.vtp");
  EXPECT_EQ(image.dimensions, 2);
  EXPECT_EQ(image.low[0], 1.0);
  EXPECT_EQ(image.high[0], 1.0 + 300 * 0.25);
  EXPECT_EQ(image.high[1], 100.0);
  EXPECT_EQ(image.length_unit, "m");
  EXPECT_EQ(image.time_unit, "min");
  EXPECT_EQ(image.time, 1.5);
  EXPECT_EQ(image.places, out.points);
  ASSERT_EQ(image.columns.size(), 2U);
  EXPECT_EQ(image.columns[0].values, values);
  EXPECT_EQ(image.columns[1].name, "V <1>");
  EXPECT_EQ(image.columns[1].unit, "mV");
  EXPECT_THROW(read_vtp(text.substr(0, text.size() / 2), "a.vtp"), InputError);
  EXPECT_THROW(read_vtp("<VTKFile/>", "a.vtp"), InputError);
}

}  // namespace
}  // namespace holon::report
