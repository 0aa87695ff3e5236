#include "kernels/cuda_on_cpu/ptx_function_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <sstream>
#include <unordered_map>

namespace skewbench::cuda_on_cpu::ptx {
namespace {

/// Names of one { } block. Names of an inner block hide those of the outer ones.
struct Scope {
  uint32_t number = 0;  ///< 0: the function's body
  std::unordered_map<std::string, uint32_t> registers;
  std::unordered_map<std::string, std::string> symbols;  ///< labels and variables, to a name that is unique in the function
};

class BodyParser {
 public:
  BodyParser(Cursor& cursor, Function& function) : cursor_(cursor), function_(function) {}

  void parse() {
    parse_block();
    for (auto& [statement, scopes] : branches_) resolve_labels(function_.statements[statement], scopes);
  }

 private:
  void parse_block();
  void parse_directive();
  void parse_registers();
  void parse_body_variable(Variable::Space space);
  void parse_line_directive();
  void parse_pragma();
  void parse_label(const std::string& name, Statement statement);
  void parse_statement();
  void parse_instruction(Statement statement, std::string word);
  Operand parse_operand();
  Operand parse_simple_operand();
  Operand parse_group(char close, Operand::Kind kind);
  Operand parse_address();
  Operand parse_number();
  Operand parse_name();

  uint32_t declare_register(const std::string& name, Type type);
  int find_register(const std::string& name) const;
  std::string unique(const std::string& name) const;
  void remember_scopes();
  void resolve_labels(Statement& statement, const std::vector<uint32_t>& scopes);

  Cursor& cursor_;
  Function& function_;
  std::vector<Scope> scopes_;
  uint32_t scope_count_ = 0;
  Origin origin_;
  std::unordered_map<std::string, std::string> labels_;              // "scope/label" to its unique name
  std::vector<std::pair<size_t, std::vector<uint32_t>>> branches_;  // statements that name labels, and the scopes around them
};

void BodyParser::parse_block() {
  cursor_.expect('{');
  scopes_.push_back({.number = scope_count_++, .registers = {}, .symbols = {}});
  while (!cursor_.take('}')) {
    const char first = cursor_.next();
    if (first == 0) cursor_.fail("a function that does not end");
    if (first == '{')
      parse_block();
    else if (first == '.')
      parse_directive();
    else if (!cursor_.take(';'))
      parse_statement();
  }
  scopes_.pop_back();
}

void BodyParser::parse_directive() {
  const std::string word = cursor_.directive();
  using enum Variable::Space;
  if (word == "reg") return parse_registers();
  if (word == "shared") return parse_body_variable(shared);
  if (word == "local") return parse_body_variable(local);
  if (word == "param") return parse_body_variable(parameter);
  if (word == "loc") return parse_line_directive();
  if (word == "pragma") return parse_pragma();
  cursor_.fail(fmt::format("unknown directive '.{}' in {}", word, function_.name));
}

/// .reg .f32 %f<63>;   .reg .b32 a, b;
void BodyParser::parse_registers() {
  const std::string word = cursor_.directive();
  const Type type = type_named(word);
  if (type == Type::none) cursor_.fail(fmt::format("unknown type '.{}' of a register", word));
  do {
    const std::string name = cursor_.identifier();
    if (cursor_.take('<')) {
      const uint64_t count = cursor_.number();
      cursor_.expect('>');
      for (uint64_t i = 0; i < count; ++i) declare_register(name + std::to_string(i), type);
    } else {
      declare_register(name, type);
    }
  } while (cursor_.take(','));
  cursor_.expect(';');
}

uint32_t BodyParser::declare_register(const std::string& name, Type type) {
  const auto index = static_cast<uint32_t>(function_.registers.size());
  function_.registers.push_back({name, type, scopes_.back().number});
  scopes_.back().registers[name] = index;
  return index;
}

void BodyParser::parse_body_variable(Variable::Space space) {
  Variable variable = parse_variable(cursor_, space);
  for (;;) {
    Variable declared = variable;
    declared.name = unique(variable.name);
    scopes_.back().symbols[variable.name] = declared.name;
    function_.variables.push_back(std::move(declared));
    if (!cursor_.take(',')) break;
    parse_name_and_extent(cursor_, variable);
  }
  cursor_.expect(';');
}

/// .loc file line column [, function_name label, inlined_at file line column]; line 0 is code that belongs to no line.
void BodyParser::parse_line_directive() {
  std::istringstream text(cursor_.rest_of_line());
  uint32_t file = 0, line = 0;
  if (!(text >> file >> line)) cursor_.fail(".loc without a file and a line");
  if (line == 0) return;
  origin_ = {origin_.ptx_line, file, line};
  for (std::string word; text >> word;)
    if (word == "inlined_at" && !(text >> origin_.caller_file >> origin_.caller_line)) cursor_.fail("inlined_at without a file and a line");
}

void BodyParser::parse_pragma() {
  const std::string what = cursor_.quoted();
  cursor_.expect(';');
  // Both are hints to ptxas: not to unroll the loop, and which bytes of the next load anybody uses.
  if (what != "nounroll" && !what.starts_with("used_bytes_mask ")) cursor_.fail(fmt::format("unknown pragma '{}' in {}", what, function_.name));
}

std::string BodyParser::unique(const std::string& name) const {
  const uint32_t scope = scopes_.back().number;
  return scope == 0 ? name : fmt::format("{}_in{}", name, scope);
}

void BodyParser::parse_statement() {
  Statement statement;
  origin_.ptx_line = cursor_.line();
  statement.origin = origin_;
  if (cursor_.take('@')) {
    statement.guard_negated = cursor_.take('!');
    const std::string name = cursor_.identifier();
    statement.guard = find_register(name);
    if (statement.guard < 0) cursor_.fail(fmt::format("unknown register '{}' in {}", name, function_.name));
  }
  const size_t begin = cursor_.position();
  const std::string word = cursor_.identifier();
  if (word.empty()) cursor_.fail(fmt::format("neither a label nor an instruction in {}", function_.name));
  const std::string modifiers = cursor_.opcode_rest();
  if (modifiers.empty() && cursor_.next() == ':') return parse_label(word, std::move(statement));
  parse_instruction(std::move(statement), word + modifiers);
  Statement& parsed = function_.statements.back();
  parsed.text = cursor_.text_since(begin);
  cursor_.expect(';');
}

/// L:   or   L: .branchtargets A, B;
void BodyParser::parse_label(const std::string& name, Statement statement) {
  cursor_.expect(':');
  statement.kind = Statement::Kind::label;
  statement.name = unique(name);
  labels_[fmt::format("{}/{}", scopes_.back().number, name)] = statement.name;
  if (cursor_.take(".branchtargets")) {
    statement.kind = Statement::Kind::targets;
    do statement.operands.push_back({.kind = Operand::Kind::symbol, .name = cursor_.identifier(), .parts = {}});
    while (cursor_.take(','));
    cursor_.expect(';');
  }
  function_.statements.push_back(std::move(statement));
  if (function_.statements.back().kind == Statement::Kind::targets) remember_scopes();
}

void BodyParser::remember_scopes() {
  std::vector<uint32_t> around;
  for (const Scope& scope : scopes_) around.push_back(scope.number);
  branches_.emplace_back(function_.statements.size() - 1, std::move(around));
}

void BodyParser::parse_instruction(Statement statement, std::string word) {
  statement.name = std::move(word);
  for (size_t begin = 0; begin <= statement.name.size();) {
    const size_t end = std::min(statement.name.find('.', begin), statement.name.size());
    statement.words.push_back(statement.name.substr(begin, end - begin));
    begin = end + 1;
  }
  if (cursor_.next() != ';')
    do statement.operands.push_back(parse_operand());
    while (cursor_.take(','));
  function_.statements.push_back(std::move(statement));
  const std::string& opcode = function_.statements.back().words[0];
  if (opcode == "bra" || opcode == "brx") remember_scopes();
}

// A label may stand behind the branch to it, so branches are resolved when the whole body is known.
void BodyParser::resolve_labels(Statement& statement, const std::vector<uint32_t>& scopes) {
  for (Operand& operand : statement.operands) {
    if (!operand.is(Operand::Kind::symbol)) continue;
    const auto visible = std::find_if(scopes.rbegin(), scopes.rend(), [&](uint32_t scope) {
      return labels_.contains(fmt::format("{}/{}", scope, operand.name));
    });
    if (visible == scopes.rend()) cursor_.fail(fmt::format("unknown label '{}' in {}", operand.name, function_.name));
    operand.name = labels_[fmt::format("{}/{}", *visible, operand.name)];
  }
}

int BodyParser::find_register(const std::string& name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope)
    if (const auto found = scope->registers.find(name); found != scope->registers.end()) return static_cast<int>(found->second);
  return -1;
}

Operand BodyParser::parse_operand() {
  Operand first = parse_simple_operand();
  if (!cursor_.take('|')) return first;
  Operand pair;
  pair.kind = Operand::Kind::pair;
  pair.parts = {std::move(first), parse_simple_operand()};
  return pair;
}

Operand BodyParser::parse_simple_operand() {
  const char first = cursor_.next();
  if (cursor_.take('{')) return parse_group('}', Operand::Kind::vector);
  if (cursor_.take('(')) return parse_group(')', Operand::Kind::list);
  if (cursor_.take('[')) return parse_address();
  if (first == '-' || (first >= '0' && first <= '9')) return parse_number();
  if (cursor_.take('!')) {
    Operand operand = parse_simple_operand();
    operand.negated = true;
    return operand;
  }
  return parse_name();
}

Operand BodyParser::parse_group(char close, Operand::Kind kind) {
  Operand group;
  group.kind = kind;
  if (cursor_.take(close)) return group;
  do group.parts.push_back(parse_operand());
  while (cursor_.take(','));
  cursor_.expect(close);
  return group;
}

/// [base], [base+offset], [base+-offset]
Operand BodyParser::parse_address() {
  Operand address;
  address.kind = Operand::Kind::address;
  address.parts.push_back(parse_simple_operand());
  Operand& base = address.parts[0];
  std::swap(address.offset, base.offset);  // a symbol has taken its offset already
  if (cursor_.take('+') || cursor_.next() == '-') address.offset = static_cast<int64_t>(cursor_.number());
  cursor_.expect(']');
  return address;
}

Operand BodyParser::parse_number() {
  Operand number;
  for (const auto& [prefix, kind, digits] : {std::tuple{"0f", Operand::Kind::real32, 8}, {"0F", Operand::Kind::real32, 8},
                                             {"0d", Operand::Kind::real64, 16}, {"0D", Operand::Kind::real64, 16}}) {
    if (!cursor_.take(prefix)) continue;
    const std::string hexadecimal = cursor_.identifier();
    if (hexadecimal.size() != static_cast<size_t>(digits)) cursor_.fail(fmt::format("'{}{}' is no constant", prefix, hexadecimal));
    number.kind = kind;
    number.bits = std::stoull(hexadecimal, nullptr, 16);
    return number;
  }
  number.kind = Operand::Kind::integer;
  number.bits = cursor_.number();
  if (const std::string fraction = cursor_.opcode_rest(); !fraction.empty()) {  // 1.0: a double
    number.kind = Operand::Kind::real64;
    number.bits = std::bit_cast<uint64_t>(std::stod(std::to_string(number.bits) + fraction));
  }
  return number;
}

Operand BodyParser::parse_name() {
  Operand operand;
  operand.name = cursor_.identifier();
  if (operand.name.empty()) cursor_.fail(fmt::format("unknown form of operand in {}", function_.name));
  if (operand.name == "_") return operand;
  if (const int index = find_register(operand.name); index >= 0) {
    operand.kind = Operand::Kind::register_;
    operand.index = static_cast<uint32_t>(index);
  } else if (operand.name[0] == '%') {
    operand.kind = Operand::Kind::special;
    operand.name += cursor_.opcode_rest();
  } else {
    operand.kind = Operand::Kind::symbol;
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope)
      if (const auto found = scope->symbols.find(operand.name); found != scope->symbols.end()) {
        operand.name = found->second;
        break;
      }
    if (cursor_.take('+')) operand.offset = static_cast<int64_t>(cursor_.number());
  }
  return operand;
}

std::vector<Variable> parse_parameters(Cursor& cursor) {
  std::vector<Variable> parameters;
  cursor.expect('(');
  if (cursor.take(')')) return parameters;
  do {
    if (const std::string word = cursor.directive(); word != "param") cursor.fail(fmt::format("unknown word '.{}' for a parameter", word));
    parameters.push_back(parse_variable(cursor, Variable::Space::parameter));
  } while (cursor.take(','));
  cursor.expect(')');
  return parameters;
}

/// Directives between a function's parameters and its body.
void parse_function_directive(Cursor& cursor, Function& function) {
  const std::string word = cursor.directive();
  if (word == "maxntid" || word == "reqntid") {
    function.max_threads = 1;
    do function.max_threads *= static_cast<uint32_t>(cursor.number());
    while (cursor.take(','));
  } else if (word == "minnctapersm" || word == "maxnreg") {  // for the register allocator
    cursor.number();
  } else if (word != "noreturn") {
    cursor.fail(fmt::format("unknown directive '.{}' of {}", word, function.name));
  }
}

}  // namespace

Function parse_function(Cursor& cursor, bool entry, Origin origin) {
  Function function;
  function.entry = entry;
  function.origin = origin;
  if (cursor.next() == '(') function.results = parse_parameters(cursor);
  function.name = cursor.identifier();
  if (cursor.next() == '(') function.parameters = parse_parameters(cursor);
  while (cursor.next() == '.') parse_function_directive(cursor, function);
  if (cursor.take(';')) return function;
  function.defined = true;
  BodyParser(cursor, function).parse();
  return function;
}

}  // namespace skewbench::cuda_on_cpu::ptx
