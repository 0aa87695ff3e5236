#include "kernels/cuda_on_cpu/ptx_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "kernels/cuda_on_cpu/ptx_cursor.h"
#include "kernels/cuda_on_cpu/ptx_function_parser.h"

namespace skewbench::cuda_on_cpu::ptx {
namespace {

/// .file 1 "path" [, time, size]
void parse_file(Cursor& cursor, Module& module) {
  const auto number = static_cast<uint32_t>(cursor.number());
  module.files[number] = cursor.quoted();
  cursor.rest_of_line();
}

// Debug information that -lineinfo adds; nothing in it is executed.
void skip_section(Cursor& cursor) {
  const std::string name = cursor.directive();
  if (!name.starts_with("debug_")) cursor.fail(fmt::format("unknown section '.{}'", name));
  cursor.skip_block();
}

/// Initial values: a number, a variable's address, generic(variable), or lists of them in braces.
void parse_initial(Cursor& cursor, std::vector<Initial>& into) {
  if (cursor.take('{')) {
    if (cursor.take('}')) return;
    do parse_initial(cursor, into);
    while (cursor.take(','));
    return cursor.expect('}');
  }
  const char first = cursor.next();
  Initial value;
  if (first == '-' || (first >= '0' && first <= '9')) {
    const size_t begin = cursor.position();
    if (cursor.take("0f") || cursor.take("0F") || cursor.take("0d") || cursor.take("0D"))
      value.bits = std::stoull(cursor.identifier(), nullptr, 16);
    else
      value.bits = cursor.number();
    if (cursor.next() == '(') cursor.fail(fmt::format("unknown form of initial value '{}(...)'", cursor.text_since(begin)));
  } else {
    value.symbol = cursor.identifier();
    if (value.symbol == "generic" && cursor.take('(')) {
      value.symbol = cursor.identifier();
      cursor.expect(')');
    }
    if (value.symbol.empty()) cursor.fail("unknown form of initial value");
    if (cursor.take('+') || cursor.next() == '-') value.offset = static_cast<int64_t>(cursor.number());
  }
  into.push_back(value);
}

void parse_global_variable(Cursor& cursor, Module& module, Variable::Space space, bool external) {
  Variable variable = parse_variable(cursor, space);
  variable.external = external;
  if (cursor.take('=')) parse_initial(cursor, variable.initial);
  cursor.expect(';');
  if (external && space != Variable::Space::shared)
    cursor.fail(fmt::format("'{}' is defined in another file: separate compilation is not known", variable.name));
  module.variables.push_back(std::move(variable));
}

constexpr std::array kLinkage{"visible", "weak", "common"};

}  // namespace

Variable parse_variable(Cursor& cursor, Variable::Space space) {
  Variable variable;
  variable.space = space;
  variable.origin.ptx_line = cursor.line();
  bool aligned = false;
  while (cursor.next() == '.') {
    const std::string word = cursor.directive();
    const Type type = type_named(word);
    if (word == "align") {
      variable.align = static_cast<uint32_t>(cursor.number());
      aligned = true;
    } else if (word == "ptr") {  // of a kernel's parameter: says where it points to, and how that is aligned
      if (cursor.take(".global") || cursor.take(".const") || cursor.take(".shared") || cursor.take(".local")) {}
      if (cursor.take(".align")) cursor.number();
    } else if (type == Type::none || type == Type::pred) {
      cursor.fail(fmt::format("unknown word '.{}' in a declaration", word));
    } else {
      variable.type = type;
    }
  }
  if (variable.type == Type::none) cursor.fail("a declaration without a type");
  if (!aligned) variable.align = bytes_of(variable.type);
  parse_name_and_extent(cursor, variable);
  return variable;
}

void parse_name_and_extent(Cursor& cursor, Variable& variable) {
  variable.name = cursor.identifier();
  variable.elements = 1;
  while (cursor.take('[')) {
    variable.elements *= cursor.next() == ']' ? 0 : cursor.number();
    cursor.expect(']');
  }
}

Module parse(std::string_view text, const std::string& path) {
  Module module;
  module.path = path;
  Cursor cursor(text, path);
  bool external = false;
  while (!cursor.at_end()) {
    const Origin origin{.ptx_line = cursor.line()};
    const std::string word = cursor.directive();
    using enum Variable::Space;
    if (word == "version" || word == "target") {
      cursor.rest_of_line();
    } else if (word == "address_size") {
      if (cursor.number() != 64) cursor.fail("addresses must have 64 bits");
    } else if (word == "file") {
      parse_file(cursor, module);
    } else if (word == "section") {
      skip_section(cursor);
    } else if (word == "extern") {
      external = true;
      continue;
    } else if (std::find(kLinkage.begin(), kLinkage.end(), word) != kLinkage.end()) {
      continue;
    } else if (word == "global") {
      parse_global_variable(cursor, module, global, external);
    } else if (word == "const") {
      parse_global_variable(cursor, module, constant, external);
    } else if (word == "shared") {
      parse_global_variable(cursor, module, shared, external);
    } else if (word == "entry" || word == "func") {
      module.functions.push_back(parse_function(cursor, word == "entry", origin));
    } else {
      cursor.fail(fmt::format("unknown directive '.{}'", word));
    }
    external = false;
  }
  return module;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw Error(fmt::format("{}:1: cannot be read", path));
  return text.str();
}

}  // namespace skewbench::cuda_on_cpu::ptx
