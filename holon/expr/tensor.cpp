#include "holon/expr/tensor.hpp"

#include <algorithm>

namespace holon::expr {

namespace {

constexpr std::size_t most_components = 4096;
constexpr int largest_determinant = 4;

std::size_t rank(const Value& v) { return v.shape.size(); }

Value vector_of(std::vector<Node> nodes) {
  const int size = static_cast<int>(nodes.size());
  return {{size}, std::move(nodes)};
}

void check_size(const Value& v) {
  if (v.nodes.size() > most_components) {
    throw ShapeMistake{
        shape_text(v.shape) + " has more than " + std::to_string(most_components) + " components", ""};
  }
}

void require_vectors(std::string_view function, const Value& a, const Value& b) {
  if (rank(a) == 1 && rank(b) == 1) return;
  throw ShapeMistake{"'" + std::string(function) + "' joins two vectors, but here are " +
                         shape_text(a.shape) + " and " + shape_text(b.shape),
                     ""};
}

void require_matrix(std::string_view function, const Value& a) {
  if (rank(a) == 2) return;
  throw ShapeMistake{"'" + std::string(function) + "' takes a matrix, but here is " + shape_text(a.shape),
                     ""};
}

void require_square(std::string_view function, const Value& a) {
  require_matrix(function, a);
  if (a.shape[0] == a.shape[1]) return;
  throw ShapeMistake{
      "'" + std::string(function) + "' takes a square matrix, but here is " + shape_text(a.shape), ""};
}

Node at(const Value& m, int i, int j) { return m.nodes[static_cast<std::size_t>(i * m.shape[1] + j)]; }

Node dot(Graph& g, const Value& a, const Value& b) {
  Node sum = g.constant(0.0);
  for (std::size_t k = 0; k < a.nodes.size(); ++k) sum = g.add(sum, g.multiply(a.nodes[k], b.nodes[k]));
  return sum;
}

Value without(const Value& m, int row, int column) {
  Value minor{{m.shape[0] - 1, m.shape[1] - 1}, {}};
  for (int i = 0; i < m.shape[0]; ++i) {
    for (int j = 0; j < m.shape[1]; ++j) {
      if (i != row && j != column) minor.nodes.push_back(at(m, i, j));
    }
  }
  return minor;
}

Node determinant(Graph& g, const Value& m) {
  if (m.shape[0] == 1) return m.nodes.front();
  Node sum = g.constant(0.0);
  for (int j = 0; j < m.shape[1]; ++j) {
    const Node part = g.multiply(at(m, 0, j), determinant(g, without(m, 0, j)));
    sum = j % 2 == 0 ? g.add(sum, part) : g.subtract(sum, part);
  }
  return sum;
}

Value inverse(Graph& g, const Value& m) {
  const int n = m.shape[0];
  const Node whole = determinant(g, m);
  Value result{m.shape, {}};
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      const Node minor = n == 1 ? g.constant(1.0) : determinant(g, without(m, j, i));
      result.nodes.push_back(g.divide((i + j) % 2 == 0 ? minor : g.negate(minor), whole));
    }
  }
  return result;
}

Value matrix_product(Graph& g, const Value& a, const Value& b) {
  const int columns = rank(b) == 2 ? b.shape[1] : 1;
  Value result;
  result.shape = rank(b) == 2 ? std::vector<int>{a.shape[0], columns} : std::vector<int>{a.shape[0]};
  for (int i = 0; i < a.shape[0]; ++i) {
    for (int j = 0; j < columns; ++j) {
      Node sum = g.constant(0.0);
      for (int k = 0; k < a.shape[1]; ++k) {
        sum = g.add(sum, g.multiply(at(a, i, k), b.nodes[static_cast<std::size_t>(k * columns + j)]));
      }
      result.nodes.push_back(sum);
    }
  }
  return result;
}

}  // namespace

std::string shape_text(const std::vector<int>& shape) {
  if (shape.empty()) return "a number";
  if (shape.size() == 1) return "a vector of " + std::to_string(shape[0]);
  return "a " + std::to_string(shape[0]) + "x" + std::to_string(shape[1]) + " matrix";
}

Value tensor_sum(Graph& graph, Op op, const Value& a, const Value& b) {
  if (a.shape != b.shape) {
    throw ShapeMistake{shape_text(a.shape) + " and " + shape_text(b.shape) + " can't be " +
                           (op == Op::add ? "added" : "subtracted"),
                       ""};
  }
  Value result{a.shape, {}};
  for (std::size_t k = 0; k < a.nodes.size(); ++k)
    result.nodes.push_back(graph.make(op, a.nodes[k], b.nodes[k]));
  return result;
}

std::size_t tensor_work(const Value& a, const Value& b) {
  const bool rows = rank(a) == 2 && rank(b) > 0;
  return rows ? static_cast<std::size_t>(a.shape[0]) * b.nodes.size() : a.nodes.size() * b.nodes.size();
}

Value tensor_product(Graph& graph, const Value& a, const Value& b) {
  if (rank(a) == 0 || rank(b) == 0) {
    const Value& tensor = rank(a) == 0 ? b : a;
    const Node factor = rank(a) == 0 ? a.nodes.front() : b.nodes.front();
    Value result{tensor.shape, {}};
    for (const Node n : tensor.nodes) result.nodes.push_back(graph.multiply(factor, n));
    return result;
  }
  if (rank(a) == 2 && a.shape[1] == b.shape[0]) return matrix_product(graph, a, b);
  const std::string message =
      shape_text(a.shape) + " and " + shape_text(b.shape) + " can't be multiplied by '*'";
  if (rank(a) == 1 && rank(b) == 1)
    throw ShapeMistake{message, "write dot(a, b), cross(a, b) or outer(a, b)"};
  if (rank(a) == 1) throw ShapeMistake{message, "a vector stands to the right of a matrix: transpose(m)*v"};
  throw ShapeMistake{message, "the matrix needs as many columns as the other has rows"};
}

Value tensor_quotient(Graph& graph, const Value& a, const Value& b) {
  if (rank(b) != 0)
    throw ShapeMistake{"nothing can be divided by " + shape_text(b.shape),
                       rank(b) == 2 ? "write inverse(m)*..." : ""};
  Value result{a.shape, {}};
  for (const Node n : a.nodes) result.nodes.push_back(graph.divide(n, b.nodes.front()));
  return result;
}

Value tensor_select(Graph& graph, Node condition, const Value& a, const Value& b) {
  if (a.shape != b.shape) {
    throw ShapeMistake{"the two cases are " + shape_text(a.shape) + " and " + shape_text(b.shape),
                       "both cases need one shape"};
  }
  Value result{a.shape, {}};
  for (std::size_t k = 0; k < a.nodes.size(); ++k)
    result.nodes.push_back(graph.select(condition, a.nodes[k], b.nodes[k]));
  return result;
}

Value tensor_array(const std::vector<Value>& rows) {
  Value result;
  for (const Value& row : rows) {
    if (row.shape != rows.front().shape) {
      throw ShapeMistake{"the components of an array have unequal shapes: " + shape_text(rows.front().shape) +
                             " and " + shape_text(row.shape),
                         ""};
    }
    if (rank(row) == 2)
      throw ShapeMistake{"an array of matrices", "at most two levels of brackets: [[a, b], [c, d]]"};
    result.nodes.insert(result.nodes.end(), row.nodes.begin(), row.nodes.end());
  }
  result.shape = {static_cast<int>(rows.size())};
  result.shape.insert(result.shape.end(), rows.front().shape.begin(), rows.front().shape.end());
  check_size(result);
  return result;
}

Value tensor_index(const Value& a, int index) {
  if (rank(a) == 0) throw ShapeMistake{"a number has no components", ""};
  if (index < 0 || index >= a.shape[0]) {
    throw ShapeMistake{"there is no component " + std::to_string(index) + " in " + shape_text(a.shape),
                       "indices run from 0 to " + std::to_string(a.shape[0] - 1)};
  }
  const auto width = static_cast<std::ptrdiff_t>(rank(a) == 2 ? a.shape[1] : 1);
  const auto first = a.nodes.begin() + index * width;
  return {{a.shape.begin() + 1, a.shape.end()}, {first, first + width}};
}

Value tensor_identity(Graph& graph, int size) {
  Value result{{size, size}, {}};
  if (size < 1 || static_cast<std::size_t>(size) > most_components / static_cast<std::size_t>(size)) {
    throw ShapeMistake{"an identity matrix can't have size " + std::to_string(size), "from 1 to 64"};
  }
  for (int i = 0; i < size; ++i) {
    for (int j = 0; j < size; ++j) result.nodes.push_back(graph.constant(i == j ? 1.0 : 0.0));
  }
  return result;
}

Value tensor_function(Graph& graph, std::string_view name, const std::vector<Value>& arguments) {
  const Value& a = arguments.front();
  const Value& b = arguments.back();
  if (name == "norm") return Value::scalar(graph.make(Op::sqrt, dot(graph, a, a)));
  if (name == "dot") {
    require_vectors(name, a, b);
    if (a.shape != b.shape)
      throw ShapeMistake{"'dot' of " + shape_text(a.shape) + " and " + shape_text(b.shape), ""};
    return Value::scalar(dot(graph, a, b));
  }
  if (name == "cross") {
    require_vectors(name, a, b);
    if (a.shape[0] != 3 || b.shape[0] != 3) {
      throw ShapeMistake{"'cross' of " + shape_text(a.shape) + " and " + shape_text(b.shape),
                         "it joins vectors of 3"};
    }
    std::vector<Node> nodes;
    for (std::size_t k = 0; k < 3; ++k) {
      const std::size_t i = (k + 1) % 3, j = (k + 2) % 3;
      nodes.push_back(
          graph.subtract(graph.multiply(a.nodes[i], b.nodes[j]), graph.multiply(a.nodes[j], b.nodes[i])));
    }
    return vector_of(std::move(nodes));
  }
  if (name == "outer") {
    require_vectors(name, a, b);
    Value result{{a.shape[0], b.shape[0]}, {}};
    if (a.nodes.size() * b.nodes.size() > most_components)
      throw ShapeMistake{shape_text(result.shape) + " is too large", ""};
    for (const Node x : a.nodes) {
      for (const Node y : b.nodes) result.nodes.push_back(graph.multiply(x, y));
    }
    return result;
  }
  if (name == "transpose") {
    require_matrix(name, a);
    Value result{{a.shape[1], a.shape[0]}, {}};
    for (int j = 0; j < a.shape[1]; ++j) {
      for (int i = 0; i < a.shape[0]; ++i) result.nodes.push_back(at(a, i, j));
    }
    return result;
  }
  require_square(name, a);
  if (name == "trace") {
    Node sum = graph.constant(0.0);
    for (int i = 0; i < a.shape[0]; ++i) sum = graph.add(sum, at(a, i, i));
    return Value::scalar(sum);
  }
  if (a.shape[0] > largest_determinant) {
    throw ShapeMistake{"'" + std::string(name) + "' of " + shape_text(a.shape), "matrices up to 4x4"};
  }
  return name == "det" ? Value::scalar(determinant(graph, a)) : inverse(graph, a);
}

}  // namespace holon::expr
