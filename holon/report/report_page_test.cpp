#include "holon/report/report_page.hpp"

#include "holon/base/error.hpp"
#include "holon/base/file.hpp"
#include "holon/report/results_json.hpp"
#include "holon/report/run_record.hpp"
#include "holon/report/series_csv.hpp"
#include "holon/report/vtk_frames.hpp"
#include "holon/space/population.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <unistd.h>

namespace holon::report {
namespace {

namespace fs = std::filesystem;

/// An output folder as a run leaves it, with an action-potential-like wave along a line and in a plane.
class ReportPage : public testing::Test {
 protected:
  ReportPage() {
    const char* keep = std::getenv("HOLON_KEEP_REPORT");  // a folder to look at the page in
    keep_ = keep != nullptr;
    path =
        keep_ ? fs::path(keep) : fs::temp_directory_path() / ("holon_report_" + std::to_string(::getpid()));
    fs::remove_all(path);
    fs::create_directories(path / "series");
  }
  ~ReportPage() override {
    if (!keep_) fs::remove_all(path);
  }

  static RunRecord record() {
    RunRecord run;
    run.title = "A wave </script><b>along</b> a cable";
    run.model_text = "holon: 1   # <first> line\nsource: https://example.org/paper\n";
    run.resolved_model = "holon: 1\nparameters: {a: 1}\n";
    run.model_hash = std::string(64, 'a');
    run.model_file = "cable.yaml";
    run.version = "0.1.0";
    run.instruction_set = "avx512";
    run.tier = "compiled";
    run.time_unit = Unit::parse("ms");
    run.step = 0.02;
    run.time_reached = run.time_end = 100.0;
    run.steps = run.steps_done = 5000;
    run.run_seconds = 1.5;
    run.startup_seconds = 0.04;
    run.processes = {{"membrane", 1.1, {5000, 3, 20000, 0, 0, 0}},
                     {"conduction", 0.2, {10000, 0, 0, 0, 0, 0}}};
    run.ledger = {{"calcium",
                   Unit::parse("mmol"),
                   1.0,
                   1.25,
                   {{"decay", "decay", -0.25}, {"pump", "source", 0.5}},
                   3e-16,
                   {{"inside", "calcium_here", -0.125, -0.1249, 0.125}},
                   0.3}};
    run.events = {{"threshold", 0.0123}};
    run.warnings = {"the step is close to the limit & more"};
    ResultRecipe published;
    published.name = "conduction_velocity";
    published.description = "from 5 to 15 mm";
    published.published = ResultRecipe::Published{0.6135, 0.003, Unit::parse("mm/ms"), "extrapolation"};
    ResultRecipe off = published;
    off.name = "apd90";
    off.published = ResultRecipe::Published{291470.0, 100.0, Unit::parse("us"), "reference run"};
    run.results = {published, off};
    return run;
  }

  void write_run(const RunRecord& run) const { write_file(path / "run.json", run_json(run)); }

  void write_all() const {
    write_run(record());
    write_file(path / "results.json",
               results_json({{"conduction_velocity", {0.6121, Unit::parse("mm/ms")}},
                             {"apd90", {291.0, Unit::parse("ms")}},
                             {"cai_peak", {ResultValue::Missing{"the cell has no calcium"}, Unit{}}},
                             {"y", {std::vector<double>{1.5, 2.5e-9, 3}, Unit{}}}}));
    Series series;
    series.columns = {{"time", Unit::parse("ms")},
                      {"V", Unit::parse("mV")},
                      {"m", Unit{}},
                      {"Cai", Unit::parse("mM")},
                      {"Ki", Unit::parse("mM")}};
    for (int i = 0; i <= 4000; ++i) {
      const double t = 0.025 * i,
                   v = t < 10 ? -85 : -85 + 125 / (1 + std::exp((t - 60) / 4)) * (1 - std::exp(-(t - 10)));
      series.rows.push_back({t, v, 1 / (1 + std::exp(-(v + 40) / 5)),
                             1e-4 + 8e-4 * std::exp(-std::pow((t - 30) / 12, 2)),
                             136.9 + 0.002 * std::sin(0.1 * t)});
    }
    write_series(path / "series", {{"cell", series}});
    const auto line = std::make_shared<GridSpace>("cable", GridSpace::Sites::nodes,
                                                  std::vector<GridSpace::Axis>{{200, 1e-4, 0.0, false}});
    const auto plane =
        std::make_shared<GridSpace>("slab", GridSpace::Sites::cells,
                                    std::vector<GridSpace::Axis>{{90, 2e-4, 0, false}, {50, 2e-4, 0, false}});
    const auto block = std::make_shared<GridSpace>(
        "block", GridSpace::Sites::nodes,
        std::vector<GridSpace::Axis>{{20, 1e-3, 0, false}, {12, 1e-3, 0, false}, {8, 1e-3, 0, false}});
    VtkFrames frames(path / "fields", Unit::parse("ms"));
    for (int k = 0; k <= 20; ++k)
      for (const auto& space : std::initializer_list<std::shared_ptr<const Space>>{line, plane, block}) {
        FieldFrame frame{space->name(), 1.5e-3 * k, k, space, {}};
        std::vector<double> values;
        for (std::size_t s = 0; s < space->sites(); ++s) {
          const Position x = space->position(s);
          const double r = std::sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]) - 0.6 * frame.time;
          values.push_back(-85 + 120 / (1 + std::exp(r / 4e-4)) / (1 + std::exp(-(r + 6e-3) / 1e-3)));
        }
        frame.columns.push_back({"membrane.V", Unit::parse("mV"), values});
        frames.write(frame);
      }
    frames.flush();
  }

  fs::path path;

 private:
  bool keep_ = false;
};

TEST_F(ReportPage, NeedsNothingButItself) {
  write_all();
  write_report(path);
  const std::string page = read_file(path / "report.html");
  EXPECT_EQ(page.find("://"), std::string::npos);  // also where the model names a source
  EXPECT_EQ(page.find("//www"), std::string::npos);
  EXPECT_EQ(page.find("src="), std::string::npos);
  EXPECT_EQ(page.find("@import"), std::string::npos);
  EXPECT_LT(page.size(), 20U << 20);
}

TEST_F(ReportPage, EscapesWhatTheModelSays) {
  write_all();
  const std::string page = report_html(path);
  EXPECT_EQ(page.find("</script><b>"), std::string::npos);
  EXPECT_NE(page.find("A wave &lt;/script&gt;"), std::string::npos);
  EXPECT_NE(page.find("limit &amp; more"), std::string::npos);
}

TEST_F(ReportPage, DrawsDerivativesOfOneResultAsBars) {
  RunRecord run = record();
  run.study_seconds = {{"by", 0.1}, {"steady", 0.1}};
  write_run(run);
  write_file(path / "results.json", results_json({{"by.apd90.gK", {-2.0, Unit{}}},
                                                  {"by.apd90.gNa", {0.5, Unit{}}},
                                                  {"steady.leading_eigenvalue", {-0.1, Unit{}}}}));
  const std::string page = report_html(path);
  EXPECT_NE(page.find("lowers\" style=\"left:0.0%;width:50.0%\""), std::string::npos);
  EXPECT_NE(page.find("raises\" style=\"left:50.0%;width:12.5%\""), std::string::npos);
  const std::size_t other = page.find(">steady.leading_eigenvalue");
  ASSERT_NE(other, std::string::npos);
  EXPECT_EQ(page.find("class=\"signed\"", other), std::string::npos);
}

TEST_F(ReportPage, ComparesResultsWithPublishedValuesInTheResultsUnit) {
  write_all();
  const std::string page = report_html(path);
  const std::size_t velocity = page.find("conduction_velocity"), apd = page.find(">apd90");
  ASSERT_NE(velocity, std::string::npos);
  ASSERT_NE(apd, std::string::npos);
  EXPECT_NE(page.find("class=\"ok\"", velocity), std::string::npos);  // 0.6121 is within 0.003 of 0.6135
  EXPECT_NE(page.find("class=\"off\"", apd), std::string::npos);      // 291.0 ms is not within 0.1 of 291.47
  EXPECT_NE(page.find("291.47", apd), std::string::npos);             // published in us
  EXPECT_NE(page.find("1 of 2 published values reproduced"), std::string::npos);
  EXPECT_NE(page.find("the cell has no calcium"), std::string::npos);
}

TEST_F(ReportPage, DoesNotJudgeARunThatWasSetOtherwise) {
  write_all();
  RunRecord run = record();
  run.overrides = {"parameters.D=2"};
  run.steps_done = 1;
  write_run(run);
  const std::string page = report_html(path);
  EXPECT_EQ(page.find("class=\"ok\""), std::string::npos);
  EXPECT_EQ(page.find("class=\"off\""), std::string::npos);
  EXPECT_EQ(page.find("published values reproduced"), std::string::npos);
  EXPECT_NE(page.find("0.6135"), std::string::npos);
  EXPECT_NE(page.find("\u00b1 0.003"), std::string::npos);
  EXPECT_NE(page.find("so it is not judged by them"), std::string::npos);
  EXPECT_NE(page.find("1 step of"), std::string::npos);
}

TEST_F(ReportPage, ShowsLedgerEventsTimingsModelAndEnvironment) {
  write_all();
  const std::string page = report_html(path);
  for (const char* text :
       {"calcium", "relative residual", "threshold", "membrane", "&lt;first&gt;", "avx512", "0.1.0"})
    EXPECT_NE(page.find(text), std::string::npos) << text;
}

TEST_F(ReportPage, ShowsTheLedgerInAUnitThatMakesShortNumbers) {
  write_all();
  RunRecord run = record();
  run.ledger[0].held_at_start = 1e-7;  // [mmol]
  run.ledger[0].held_now = 1.25e-7;
  run.ledger[0].lines[0].amount = 2.5e-8;
  write_run(run);
  const std::string page = report_html(path);
  const std::string ledger =
      page.substr(page.find("<h2>Ledger</h2>"), page.find("<h2>Time</h2>") - page.find("<h2>Ledger</h2>"));
  for (const char* text : {"<td>pmol</td>", ">100<", ">125<", ">25<", ">3e-16<"})
    EXPECT_NE(ledger.find(text), std::string::npos) << text << '\n' << ledger;
}

TEST_F(ReportPage, LeavesOutLinesOfTheLedgerInWhichNothingMoved) {
  write_all();
  RunRecord run = record();
  run.ledger[0].lines.push_back({"member", "reaction", 0.0, 0.0});
  run.ledger[0].lines.push_back({"balanced", "exchange", 0.0, 2.0});
  write_run(run);
  const std::string page = report_html(path);
  EXPECT_EQ(page.find("member: reaction"), std::string::npos);
  EXPECT_NE(page.find("balanced: exchange"), std::string::npos);
}

TEST_F(ReportPage, ShortensLongLists) {
  write_all();
  std::vector<double> values(1234, 2.0);
  values[700] = -0.123456789;
  write_file(path / "results.json", results_json({{"masses", {values, Unit::parse("pg")}}}));
  const std::string page = report_html(path);
  EXPECT_NE(page.find("2, 2, 2, 2, 2, 2, \u2026<small>1\u202f234 values, from \u22120.12346 to 2<"),
            std::string::npos);
}

TEST_F(ReportPage, ShowsSpecialPointsWithTheirBranchAndNotAsCurves) {
  write_all();
  Series branch, points, times;
  branch.columns = {{"kappa", Unit{}}, {"c", Unit::parse("nM")}};
  branch.rows = {{1, 1}, {3, 2}, {2, 3}, {4, 4}};
  points.columns = {{"kappa", Unit{}},     {"uncertainty", Unit{}}, {"transversality", Unit{}},
                    {"curvature", Unit{}}, {"omega", Unit{}},       {"c", Unit::parse("nM")}};
  points.rows = {{3, 1e-14, 0.1, 0.2, 0, 2}, {2, 1e-14, 0.1, 0.2, 0, 3}};
  times.columns = {{"kappa", Unit{}}, {"x", Unit{}}};
  times.rows = {{1, 2}, {2, 3}};
  write_series(path / "series",
               {{"branch", branch}, {"branch_points", points}, {"branch_points_points", times}});
  const auto data = series_data(OutputFolder(path), {});
  std::map<std::string, nlohmann::json> entries;
  for (const auto& entry : data) entries[entry.at("name").get<std::string>()] = entry;
  EXPECT_FALSE(entries.contains("branch_points"));
  EXPECT_TRUE(entries.contains("branch_points_points"));  // of another kind
  const auto& shown = entries.at("branch").at("points");
  ASSERT_EQ(shown.size(), 6U);
  EXPECT_EQ(shown[5].at("name"), "c");
  const std::vector<double> heights = {2, 3};
  EXPECT_EQ(shown[5].at("values"), base64({reinterpret_cast<const char*>(heights.data()), 16}));
  // Alone it is a series like any other.
  fs::remove(path / "series" / "branch.csv");
  bool alone = false;
  for (const auto& entry : series_data(OutputFolder(path), {}))
    alone = alone || entry.at("name") == "branch_points";
  EXPECT_TRUE(alone);
}

TEST_F(ReportPage, IsThinnedToItsBudget) {
  write_all();
  PageBudget small;
  small.series_points = 1000;
  small.frame_values = 30000;
  EXPECT_LT(report_html(path, small).size(), report_html(path).size() / 2);
}

TEST_F(ReportPage, DrawsTheLastFrameOfAPopulation) {
  write_all();
  const auto dish =
      std::make_shared<GridSpace>("dish", GridSpace::Sites::cells,
                                  std::vector<GridSpace::Axis>{{40, 1e-5, 0, false}, {30, 1e-5, 0, false}});
  const auto cells = std::make_shared<Population>("cells", dish, 1, Population::Placement{});
  EXPECT_EQ(report_html(path).find("id=\"agents\""), std::string::npos);
  {
    VtkFrames frames(path / "fields", Unit::parse("ms"));
    for (int k = 0; k < 2; ++k) {
      FieldFrame frame{"colony", 1e-3 * k, k, cells, {}};
      for (int i = 0; i < 10 + 60 * k; ++i)
        frame.points.push_back({2e-4 + 2e-6 * i * std::cos(i), 1.5e-4 + 2e-6 * i * std::sin(i), 0.0});
      std::vector<double> ids, radii, fed;
      for (std::size_t i = 0; i < frame.points.size(); ++i) {
        ids.push_back(static_cast<double>(i));
        radii.push_back(4e-6 + 1e-7 * static_cast<double>(i % 7));
        fed.push_back(i == 5 ? NAN : std::sqrt(static_cast<double>(i)));
      }
      frame.columns = {
          {"id", Unit{}, ids}, {"radius", Unit::parse("m"), radii}, {"fed", Unit::parse("fmol"), fed}};
      frames.write(frame);
    }
    frames.flush();
  }
  write_report(path);
  const std::string page = report_html(path);
  EXPECT_NE(page.find("id=\"agents\""), std::string::npos);
  EXPECT_NE(page.find("\"agents\":70"), std::string::npos);
  EXPECT_NE(page.find("\"name\":\"fed\""), std::string::npos);
  EXPECT_NE(report_html(path, {.agents = 40}).find("one of 7 agents"),
            std::string::npos);  // four pictures share 40
}

TEST_F(ReportPage, OfAFolderWithoutARunIsAnError) { EXPECT_THROW(report_html(path), InputError); }

TEST_F(ReportPage, OfADamagedRunIsAnErrorThatNamesTheFile) {
  write_file(path / "run.json", "{\"title\": ");
  try {
    report_html(path);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("run.json"), std::string::npos);
  }
}

TEST(Thinned, KeepsPeaksGapsAndBothEnds) {
  std::vector<double> values(10000, 0.0);
  values[5003] = 7.0;
  values[5005] = -3.0;
  values[8000] = std::numeric_limits<double>::quiet_NaN();
  const auto kept = thinned(values, 50);
  EXPECT_LE(kept.size(), 152U);
  for (const std::size_t i : {0UL, 5003UL, 5005UL, 8000UL, 9999UL})
    EXPECT_NE(std::find(kept.begin(), kept.end(), i), kept.end()) << i;
}

TEST(Base64, FollowsTheRfcVectors) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

}  // namespace
}  // namespace holon::report
