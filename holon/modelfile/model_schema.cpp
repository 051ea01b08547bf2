#include "holon/modelfile/model_schema.hpp"

namespace holon::modelfile {

using Type = Option::Type;

namespace {

Option element(Type type, std::string dimension = "1") {
  Option option;
  option.type = type;
  option.dimension = std::move(dimension);
  return option;
}

void add_node(Schema& schema, const char* also) {
  Option nodes = element(Type::schedule_node);
  const std::string in_place = also;
  schema.list("lie", nodes, "these one after the other, each over the whole step" + in_place)
      .make_optional()
      .least = 1;
  schema.list("strang", nodes, "symmetric: [A, B] is A/2 B A/2" + in_place).make_optional().least = 2;
  schema.add("merge", Type::flag, "take the last half of a step and the first half of the next as one")
      .with_default("false");
  schema
      .add("boundary_correction", Type::flag,
           "of a strang with a diffusion between sides whose values depend on time: keeps its order")
      .with_default("false");
  schema
      .add(
          "steady", Type::anything,
          "{do: PROCESS, order: 0 or 1}: a fast process, kept where its fields are at rest given the others; "
          "PROCESS.STATE_error holds its estimated error")
      .make_optional();
  schema
      .add(
          "average", Type::anything,
          "{fast: [NODES], slow: [NODES], period: TIME}: the fast ones are run to their cycle while the slow "
          "ones stand still; these take one step with the mean of their rates over it")
      .make_optional();
  schema
      .add("together", Type::anything,
           "{do: [PROCESSES], method: bdf2, steps: n}: these as one system of equations, solved implicitly")
      .make_optional();
  schema.add("do", Type::schedule_node, "one process, or one node" + in_place).make_optional();
  schema.add("subcycle", Type::anything, "{do: NODE, steps: auto or a number}: a node in smaller steps")
      .make_optional();
  schema.add("every", Type::anything, "{do: NODE, steps: n}: a node once in n steps, over all of them")
      .make_optional();
  schema
      .add("iterate", Type::anything,
           "{do: [NODES], acceleration: ..., waveform: {degree: d}, substeps: {PROCESS: n}}: these again and "
           "again over the same interval, until what they read of each other agrees with what they give")
      .make_optional();
}

Schema make_model_schema() {
  Schema schema("model", "A model file: what is simulated, how, and what is asked of it.");
  schema.choice("holon", {"1"}, "version of the format");
  schema.add("title", Type::text, "one line").make_optional();
  schema.add("description", Type::text, "what it is about, and its sources").make_optional();
  schema.list("include", element(Type::text), "files whose sections are merged with those of this one")
      .make_optional();
  schema.mapping("parameters", element(Type::anything), "named values, set by --set parameters.NAME=VALUE")
      .make_optional();
  schema.mapping("spaces", element(Type::anything), "where fields live").make_optional();
  schema.mapping("fields", element(Type::anything), "fields that no process owns").make_optional();
  schema.mapping("processes", element(Type::anything), "mechanisms");
  schema
      .mapping("couplings", element(Type::anything),
               "what joins two spaces: each makes a field of its name out of fields of other spaces")
      .make_optional();
  schema
      .mapping("connections", element(Type::anything),
               "what carries events from a process that emits them to one that receives them")
      .make_optional();
  schema.section("schedule", schedule_schema(), "how the processes take turns, and how long");
  schema.mapping("observe", element(Type::anything), "what is watched during the run").make_optional();
  schema.mapping("events", element(Type::anything), "moments to be found").make_optional();
  schema.mapping("results", element(Type::anything), "numbers to be reported").make_optional();
  schema.add("output", Type::anything, "fields to be written: {fields: {every: 1 ms, of: [membrane.V]}}")
      .make_optional();
  schema
      .choice("ledger", {"closed", "strict", "report"},
              "what ends the run as a failure: a leak in the books (strict), or whatever enters or leaves as "
              "well (closed)")
      .with_default("report");
  Schema scales("scales", "What is stated about scales; `holon scales` computes the rest.");
  scales
      .mapping(
          "boxes", element(Type::anything),
          "PROCESS: {time: [resolution, extent], space: [resolution, extent]} instead of what is computed")
      .make_optional();
  scales
      .list("patterns", element(Type::anything),
            "{between: [A, B], pattern: interact, call_release or dispatch}: how two processes are joined")
      .make_optional();
  schema.section("scales", scales, "scales of processes, for the scale-separation map").make_optional();
  schema
      .mapping("study", element(Type::anything), "what is asked of whole simulations: sweeps over parameters")
      .make_optional();
  return schema;
}

Schema make_grid_schema() {
  Schema schema("grid",
                "A Cartesian grid of 1 to 3 axes. Nodes: n + 1 sites along an axis of n intervals (n when "
                "periodic); cells: n sites in the middle of the intervals.");
  schema.choice("type", {"grid"}, "the name of the type");
  schema.choice("sites", {"nodes", "cells"}, "where the sites are").with_default("nodes");
  Option& size = schema.list("size", element(Type::quantity, "any_length"), "extent along each axis");
  size.least = 1;
  size.most = 3;
  schema.list("spacing", element(Type::quantity, "any_length"),
              "of the sites: one for all axes, or one for each");
  schema.list("origin", element(Type::quantity, "any_length"), "coordinates of the corner (default: zero)")
      .make_optional();
  Option axis = element(Type::choice);
  axis.choices = {"x", "y", "z"};
  schema.list("periodic", axis, "axes along which the grid closes in itself").make_optional();
  schema
      .add("where", Type::anything,
           "an irregular domain: an equation of place and parameters that holds inside. What lies outside "
           "stands for nothing: nothing passes its border, and no observer looks there. In one piece")
      .make_optional();
  schema.add("description", Type::text, "a remark for readers").make_optional();
  return schema;
}

Schema make_radial_schema() {
  Schema schema(
      "radial",
      "Concentric shells between two radii, for fields that depend on the distance from a point or an "
      "axis alone. Sites are the middles of the shells; their volumes (of a cylinder: for a unit of its "
      "length) and areas are exact. The one coordinate is position.r, the sides are r_min and r_max.");
  schema.choice("type", {"radial"}, "the name of the type");
  schema.choice("symmetry", {"sphere", "cylinder"}, "what the shells are").with_default("sphere");
  schema.quantity("inner", "any_length", "the radius where it begins; 0: at the centre").with_default("0");
  schema.quantity("outer", "any_length", "the radius where it ends");
  schema.quantity("spacing", "any_length", "of the shells: the width of the first");
  schema
      .add("growth", Type::number,
           "1: all shells are equally wide, and `spacing` divides the extent. Above: each is wider than the "
           "one "
           "inside it by a factor, the largest up to this with which a whole number of shells fits")
      .with_default("1");
  schema.add("description", Type::text, "a remark for readers").make_optional();
  return schema;
}

Schema make_trace_schema() {
  Schema schema(
      "trace",
      "One side of a grid or radial grid: its boundary faces as sites, each with its area. A coupling "
      "from a field of the grid gives the field's values there.");
  schema.choice("type", {"trace"}, "the name of the type");
  schema.add("of", Type::text, "the name of the grid");
  schema.add("side", Type::text, "x_min to z_max; of a radial grid r_min or r_max");
  schema.add("description", Type::text, "a remark for readers").make_optional();
  return schema;
}

Schema make_point_schema() {
  Schema schema("point", "One site without a place.");
  schema.choice("type", {"point"}, "the name of the type");
  schema.add("description", Type::text, "a remark for readers").make_optional();
  return schema;
}

Schema make_points_schema() {
  Schema schema("named_points",
                "Points with names (electrodes, probes) in the coordinates of another space.");
  schema.choice("type", {"named_points"}, "the name of the type");
  schema.mapping("points", element(Type::anything), "name: [x, y, z]");
  schema.add("description", Type::text, "a remark for readers").make_optional();
  return schema;
}

Schema make_product_schema() {
  Schema schema("product", "A micro space at every site of a macro space.");
  schema.choice("type", {"product"}, "the name of the type");
  schema.add("macro", Type::text, "the name of the macro space");
  schema.add("micro", Type::text, "the name of the micro space");
  schema.add("description", Type::text, "a remark for readers").make_optional();
  return schema;
}

Schema make_region_schema() {
  Schema schema("region", "A part of another space: the sites where an equation of place holds.");
  schema.choice("type", {"region"}, "the name of the type");
  schema.add("of", Type::text, "the name of the whole");
  schema.add("where", Type::anything, "an equation of place and parameters that is true inside")
      .make_optional();
  schema.add("branches", Type::anything, "of a tree: the names of the branches that belong to it")
      .make_optional();
  schema.add("description", Type::text, "a remark for readers").make_optional();
  return schema;
}

Schema make_network_schema() {
  Schema schema("network",
                "Nodes joined by directed edges. Fields may live on the nodes (space NAME) and on the edges "
                "(space NAME.edges); couplings gather from nodes to edges and scatter from edges to nodes.");
  schema.choice("type", {"network"}, "the name of the type");
  schema.list("nodes", element(Type::text), "their names").make_optional().least = 1;
  schema.add("count", Type::integer, "how many nodes there are, instead of names: 0, 1, 2, ...")
      .make_optional();
  schema
      .add("edges", Type::anything,
           "a list of {from: NODE, to: NODE}; {file: FILE}, a table with columns from and to; {probability: "
           "p, seed: n}: every ordered pair of different nodes by its own draw; or {all_to_all: true}")
      .make_optional();
  schema.add("description", Type::text, "a remark for readers").make_optional();
  return schema;
}

Schema make_tree_schema() {
  Schema schema(
      "tree",
      "Branches of tubes, cut into segments: a neuron, vessels. Positions are distances from the root "
      "along the branches; of traced trees places in space.");
  schema.choice("type", {"tree"}, "the name of the type");
  schema
      .mapping("branches", element(Type::anything),
               "name: {length: 100 um, radius: 1 um, parent: NAME, at: end}; a radius may be a list of those "
               "of both ends; `at: start` begins where the parent does")
      .make_optional();
  schema.add("file", Type::text, "instead: a traced neuron as SWC").make_optional();
  schema.quantity("spacing", "any_length", "the longest that a segment may be");
  schema
      .choice("measure", {"area", "volume", "length"},
              "what a site stands for: its membrane (cable), its volume (what is dissolved), its length")
      .with_default("area");
  schema.add("description", Type::text, "a remark for readers").make_optional();
  return schema;
}

Schema make_population_schema() {
  Schema schema(
      "population",
      "Agents with ids, places and radii that move, appear, divide and vanish. Its fields are NAME.id, "
      "NAME.parent, NAME.generation and NAME.fate, in a frame also NAME.position and NAME.radius.");
  schema.choice("type", {"population"}, "the name of the type");
  schema.add("in", Type::space, "the grid in which the agents are; left out: well mixed, without places")
      .make_optional();
  schema.add("count", Type::integer, "how many there are at the start; not needed where places are listed")
      .make_optional();
  schema
      .add("place", Type::anything,
           "random, ball (random in the largest ball in the middle of the grid), lattice, {positions: [[x, "
           "y], ...]}, "
           "or {file: FILE, unit: um} with one place in a line")
      .with_default("random");
  schema.coefficient("radius", "any_length", "of the agents at the start").with_default("0");
  schema
      .choice(
          "radius_on_division", {"copy", "share"},
          "daughters have the mother's radius, or half her volume each (default: share where some process "
          "makes radii grow)")
      .make_optional();
  schema
      .add("sort_every", Type::integer,
           "agents are sorted along a space-filling curve once in so many restructures; 0: never")
      .with_default("10");
  schema.add("description", Type::text, "a remark for readers").make_optional();
  return schema;
}

}  // namespace

const Schema& model_schema() {
  static const Schema schema = make_model_schema();
  return schema;
}

const Schema* space_schema(std::string_view type) {
  static const Schema grid = make_grid_schema(), radial = make_radial_schema(), trace = make_trace_schema(),
                      point = make_point_schema(), points = make_points_schema(),
                      population = make_population_schema(), product = make_product_schema(),
                      region = make_region_schema(), tree = make_tree_schema(),
                      network = make_network_schema();
  for (const Schema* schema :
       {&grid, &radial, &trace, &point, &points, &population, &product, &region, &tree, &network})
    if (schema->title() == type) return schema;
  return nullptr;
}

std::vector<std::string> space_types() {
  return {"grid",    "named_points", "network", "point", "population",
          "product", "radial",       "region",  "trace", "tree"};
}

const Schema& field_schema() {
  static const Schema schema = [] {
    Schema s("field", "A field that no process owns: several may act on it.");
    s.add("space", Type::space, "where it lives");
    s.add("unit", Type::text, "unit of its numbers").with_default("1");
    s.choice("kind", {"value", "density", "amount"},
             "an intensive value, an amount per measure, or an amount per site")
        .with_default("value");
    s.coefficient("initial", "unit", "its value at the start");
    s.add("positive", Type::flag, "never negative: schemes that can't keep it so are refused")
        .with_default("false");
    s.choice(
         "on_division", {"copy", "share", "reset", "draw"},
         "what the daughters of a dividing agent get: all of it each, half each, the initial value, or an "
         "initial value drawn anew (default: share for amounts, copy for all else)")
        .make_optional();
    s.mapping(
         "conserved", element(Type::any_quantity),
         "how much of a conserved quantity one unit of what it holds (capacity times value times measure) "
         "counts: a number, or a quantity such as a number of particles per volume")
        .make_optional();
    s.add("constant", Type::flag, "that nobody changes it is meant: a map of something, a mask")
        .with_default("false");
    s.add("description", Type::text, "a remark for readers").make_optional();
    return s;
  }();
  return schema;
}

const Schema& coupling_schema() {
  static const Schema schema = [] {
    Schema s(
        "coupling",
        "A linear map from a field, or several, to another space. It makes a field of the coupling's name "
        "there, which follows whenever somebody looks.");
    s.add("from", Type::anything, "a field, or a list of fields whose contributions add up");
    s.add("to", Type::space, "the space of the field that it makes");
    s.choice("type",
             {"identity", "broadcast", "integrate", "average", "sum", "sample", "gradient", "deposit",
              "remap", "lift", "trace", "flux", "restrict", "extend", "gather", "scatter"},
             "chosen from the two spaces and the kind of the field where it is left out; `holon check` says "
             "what and why")
        .make_optional();
    s.add("unit", Type::text, "the unit to arrive in (default: what follows from that of `from`)")
        .make_optional();
    s.choice("kernel", {"linear", "nearest", "sphere"},
             "between a grid and points: the sites around (linear), the next one (nearest), or the mean of "
             "linear over the surface of a sphere of the points' radius (sphere)")
        .with_default("linear");
    s.add("width", Type::integer, "of the linear kernel, in spacings to each side").with_default("1");
    s.quantity("radius", "length", "of the points (default: that of the population's cells)").make_optional();
    s.add("source", Type::field,
          "sample: what each point gives off per time; it then senses the concentration at its own surface, "
          "independent of the grid")
        .make_optional();
    s.quantity("diffusivity", "length^2/time", "with `source`: of what is sensed").make_optional();
    s.quantity("decay", "1/time", "with `source`: of what is sensed").with_default("0");
    s.choice("along", {"x", "y", "z"}, "gradient: the axis along which the slope is").make_optional();
    s.choice("end", {"source", "target"}, "gather: from which end of an edge").with_default("source");
    s.coefficient("delay", "time",
                  "gather and identity: the value so long ago; on edges a field or an equation may give each "
                  "its own")
        .make_optional();
    s.add("degree", Type::integer,
          "with `delay`: of the polynomials (1 to 3) between the values that are kept of the past")
        .with_default("3");
    s.add("side", Type::text,
          "with `type: trace`, from a product to its macro space: the side of the micro space (r_max)")
        .make_optional();
    s.add("neighbours", Type::flag,
          "with `source`: whether what near points give off is also put right for the grid")
        .with_default("true");
    s.add("description", Type::text, "a remark for readers").make_optional();
    return s;
  }();
  return schema;
}

const Schema& connection_schema() {
  static const Schema schema = [] {
    Schema s(
        "connection",
        "Every event at `from` arrives at `to` after the delay, with the weight: at its exact time within "
        "steps. Where the delay is shorter than a step, steps are divided so that what arrives in a part "
        "is known when the part begins; `holon check` says so.");
    s.add("from", Type::text, "PROCESS.EVENT, of the process's `events`");
    s.add("to", Type::text, "PROCESS.NAME, of what the process lists under `on`");
    s.add("over", Type::text,
          "the edges of a network (NAME.edges): from the source of an edge to its target; all_to_all: to all "
          "other sites; one_to_one: to the same site, or between single sites")
        .make_optional();
    s.coefficient("delay", "time", "zero only from a process that the schedule advances first")
        .with_default("0");
    s.add("weight", Type::anything, "in the unit that `to` states for it").with_default("1");
    s.add("description", Type::text, "a remark for readers").make_optional();
    return s;
  }();
  return schema;
}

const Schema& schedule_schema() {
  static const Schema schema = [] {
    Schema s("schedule", "One macro step as a tree of splittings, and how many of them.");
    s.quantity("step", "any_time", "the macro step");
    s.quantity("until", "any_time",
               "when the run ends: a multiple of the step; or inf: when every field is at rest, in steps "
               "that grow as "
               "far as the processes allow")
        .make_optional();
    s.add("steps", Type::integer, "number of macro steps, instead of `until`").make_optional();
    s.list("stop_when", element(Type::text), "events or observers that end the run").make_optional();
    add_node(s, "");
    return s;
  }();
  return schema;
}

const Schema& average_schema() {
  static const Schema schema = [] {
    Schema s(
        "average",
        "A node of the schedule: fast processes are run to their cycle, slow ones take one long step with "
        "the mean of their rates over a period.");
    s.add("fast", Type::anything, "processes or nodes, in order");
    s.add("slow", Type::anything, "processes or nodes, in order");
    s.quantity("period", "time", "of the cycle, not longer than the step");
    s.add("steps", Type::integer, "of the fast processes in a period").with_default("64");
    s.add("tolerance", Type::number,
          "how much the fast fields may change from one period to the next, relative to their size")
        .with_default("1e-6");
    s.add("most", Type::integer, "periods until they have to be periodic").with_default("100");
    s.add("order", Type::integer,
          "of the slow step: 1 with mean rates of its beginning, 2 with those of its middle")
        .with_default("2");
    return s;
  }();
  return schema;
}

const Schema& steady_schema() {
  static const Schema schema = [] {
    Schema s(
        "steady",
        "A fast process that is not followed in time: its fields are put where they are at rest, given "
        "those of others (order 0), or where they lag behind that to first order in the ratio of the time "
        "scales (order 1). Refused where there is no stable rest state or no gap between the time scales.");
    s.add("do", Type::process, "the process");
    s.add("order", Type::integer, "0 or 1").with_default("0");
    return s;
  }();
  return schema;
}

const Schema& iterate_schema() {
  static const Schema schema = [] {
    Schema s("iterate",
             "Processes that are advanced over the same interval again and again, each from the state at its "
             "beginning and with the others' fields as functions of time, until the residual (what they give "
             "minus what was taken) is small. Not to converge is a failure.");
    Option& nodes = s.list("do", element(Type::schedule_node), "what takes turns, in this order");
    nodes.least = 1;
    s.choice("acceleration", {"constant", "aitken", "anderson"}, "of the iteration").with_default("anderson");
    s.add("relaxation", Type::number,
          "part of the residual that the first step takes (every step: constant); default 0.5, constant: 1")
        .make_optional();
    s.add("columns", Type::integer, "most former evaluations that anderson looks back on").with_default("20");
    s.add("tolerance", Type::number, "of the residual, relative to the first of the interval")
        .with_default("1e-8");
    s.add("most", Type::integer, "evaluations in one interval").with_default("100");
    Schema waveform("waveform", "Between the ends of substeps.");
    waveform
        .add("degree", Type::integer,
             "0: the last value throughout; 1 to 3: polynomials through the values at the ends of substeps")
        .with_default("1");
    s.section("waveform", std::move(waveform), "what a field of another process is between its substeps")
        .make_optional();
    s.mapping("substeps", element(Type::anything), "PROCESS: number or auto; 1 where nothing is said")
        .make_optional();
    s.choice("unconverged", {"fail", "accept"}, "what follows when `most` evaluations were not enough")
        .with_default("fail");
    return s;
  }();
  return schema;
}

const Schema& event_schema() {
  static const Schema schema = [] {
    Schema s("event", "A function of the state that crosses zero: its time is found inside the step.");
    s.coefficient("when", "any", "the function; the event is where it crosses zero");
    s.add("at", Type::anything, "a place [x, y, z], or `any` site, or `every` site").with_default("any");
    s.choice("direction", {"rising", "falling", "either"}, "which crossings count").with_default("rising");
    s.choice("then", {"record", "stop"}, "what follows").with_default("record");
    s.add("space", Type::space, "the sites looked at, where the function does not tell").make_optional();
    s.add("description", Type::text, "a remark for readers").make_optional();
    return s;
  }();
  return schema;
}

const Schema& result_schema() {
  static const Schema schema = [] {
    Schema s("result", "A number, array or text to be reported in results.json.");
    s.add("of", Type::text, "an observer, or one of its outcomes: activation, or cell.apd90").make_optional();
    s.add("at", Type::anything, "the place [x, y, z] at which the observer is asked").make_optional();
    s.add("value", Type::anything,
          "instead of `of`: an equation over other results (results.NAME) and parameters")
        .make_optional();
    s.add("unit", Type::text, "unit to report in").make_optional();
    Schema published("published", "The published number that this one is held against.");
    published.add("value", Type::any_quantity, "the number");
    published
        .add("tolerance", Type::any_quantity, "how far ours may be from it; `1 %` is relative, inf is none")
        .make_optional();
    published.add("source", Type::text, "where it was published").make_optional();
    s.section("published", published, "a published number to compare with").make_optional();
    s.add("description", Type::text, "a remark for readers").make_optional();
    return s;
  }();
  return schema;
}

}  // namespace holon::modelfile
