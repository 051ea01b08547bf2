#include "holon/modelfile/tiny_types.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace holon::modelfile {
namespace {

using ::testing::HasSubstr;

TEST(JsonSchema, IsJsonThatKnowsTheTypesAndTheirOptions) {
  const auto schema = nlohmann::json::parse(json_schema(tiny::registry()));
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  const auto& process = schema["properties"]["processes"]["additionalProperties"]["anyOf"][1];
  EXPECT_EQ(process["properties"]["type"]["enum"], nlohmann::json::array({"decay"}));
  const auto& body = process["allOf"][0]["then"];
  EXPECT_EQ(body["additionalProperties"], false);
  EXPECT_TRUE(body["properties"].contains("rate"));
  EXPECT_EQ(body["properties"]["order"]["default"], "2");
  EXPECT_THAT(body["required"].get<std::vector<std::string>>(),
              ::testing::UnorderedElementsAre("type", "rate"));
}

TEST(Reference, PageShowsEveryOptionWithTypeDimensionDefaultAndMeaning) {
  const Registry types = tiny::registry();
  const std::string page = reference(*types.process("decay"));
  EXPECT_THAT(page, HasSubstr("# Process type `decay`\n\nu' = -rate u.\n"));
  EXPECT_THAT(page, HasSubstr("| `rate` | coefficient | 1/time | required | rate of decay |\n"));
  EXPECT_THAT(page, HasSubstr("| `method` | `explicit`, `implicit` |  | `explicit` | scheme |\n"));
  for (const Option& option : types.process("decay")->schema.options())
    EXPECT_THAT(page, HasSubstr('`' + option.key + '`'));
  EXPECT_THAT(reference(*types.observer("last")), HasSubstr("# Observer type `last`"));
}

TEST(Dimensions, AreReadFromTheirText) {
  const std::map<std::string, Dimension> names{
      {"length", Dimension::length()}, {"time", Dimension::time()}, {"field", Dimension::amount()}};
  EXPECT_EQ(read_dimension("length^2/time", names), Dimension::length().pow(2) / Dimension::time());
  EXPECT_EQ(read_dimension("1/time", names), Dimension{} / Dimension::time());
  EXPECT_EQ(read_dimension("field/(length*time)", names),
            Dimension::amount() / (Dimension::length() * Dimension::time()));
  EXPECT_EQ(read_dimension("1", names), Dimension{});
  EXPECT_EQ(read_dimension("flux", names), std::nullopt);
  EXPECT_EQ(read_dimension("length/", names), std::nullopt);
  EXPECT_EQ(read_dimension("length time", names), std::nullopt);
}

}  // namespace
}  // namespace holon::modelfile
