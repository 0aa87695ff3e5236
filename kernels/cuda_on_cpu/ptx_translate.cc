#include "kernels/cuda_on_cpu/ptx_translate.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "kernels/cuda_on_cpu/ptx_emitter.h"
#include "kernels/cuda_on_cpu/ptx_parser.h"

namespace skewbench::cuda_on_cpu::ptx {
namespace {

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

// --- variables -------------------------------------------------------------------------------------------------------

/// Values as bytes, in the order of the machine (PTX's is the same); addresses stay zero.
std::string initial_bytes(const Variable& variable) {
  std::string list;
  for (const Initial& value : variable.initial)
    for (unsigned i = 0; i < bytes_of(variable.type); ++i) list += fmt::format("{},", value.bits >> (8 * i) & 0xff);
  return list;
}

/// A .global or .const variable gets its memory from the runtime before main, and its address with it.
std::string emit_variable(const Variable& variable) {
  const std::string name = identifier(variable.name);
  std::string code = fmt::format("uint64_t address_of_{};\n", name);
  std::string initial = "nullptr";
  if (!variable.initial.empty()) {
    code += fmt::format("alignas(8) unsigned char initial_{}[{}] = {{{}}};\n", name, variable.bytes(), initial_bytes(variable));
    initial = "initial_" + name;
  }
  for (size_t i = 0; i < variable.initial.size(); ++i)
    if (const Initial& value = variable.initial[i]; !value.symbol.empty())
      code += fmt::format("const bool points_{}_{} = (write_parameter<uint64_t>(initial_{} + {}, address_of_{} + {}), true);\n", name, i,
                          name, i * bytes_of(variable.type), identifier(value.symbol), value.offset);
  return code + fmt::format("const RegisteredVariable variable_{}({}, {}, {}, &address_of_{});\n\n", name, quoted(variable.name),
                            variable.bytes(), initial, name);
}

// An address in an initialiser is known only when the variable that it names has been registered, further up.
void check_initial(const Module& module, const Variable& variable, const std::set<std::string>& known) {
  for (const Initial& value : variable.initial) {
    if (value.symbol.empty()) continue;
    if (!known.contains(value.symbol) || bytes_of(variable.type) != 8)
      throw Error(fmt::format("{}:{}: unknown form of initial value '{}' of {}", module.path, variable.origin.ptx_line, value.symbol, variable.name));
  }
}

// --- kernels ---------------------------------------------------------------------------------------------------------

/// The device functions that a function calls, and those that they call.
void collect_calls(const KernelContext& context, const Function& function, std::vector<const Function*>& into) {
  for (const Statement& statement : function.statements) {
    if (statement.kind != Statement::Kind::instruction || statement.words[0] != "call") continue;
    for (const Operand& operand : statement.operands) {
      const auto found = context.functions.find(operand.name);
      if (!operand.is(Operand::Kind::symbol) || found == context.functions.end() || !found->second->defined) continue;
      if (std::find(into.begin(), into.end(), found->second) != into.end()) continue;
      into.push_back(found->second);
      collect_calls(context, *found->second, into);
    }
  }
}

void collect_names(const Operand& operand, std::set<std::string>& into) {
  if (operand.is(Operand::Kind::symbol)) into.insert(operand.name);
  for (const Operand& part : operand.parts) collect_names(part, into);
}

uint32_t aligned(uint32_t offset, uint32_t align) { return (offset + align - 1) / align * align; }

/// Lays out the shared variables that a kernel and its functions name: a file's other kernels have theirs.
void lay_out_shared(KernelContext& context, const std::vector<const Function*>& functions) {
  std::set<std::string> named;
  std::vector<const Variable*> variables;
  for (const Function* function : functions) {
    for (const Statement& statement : function->statements)
      for (const Operand& operand : statement.operands) collect_names(operand, named);
    for (const Variable& variable : function->variables)
      if (variable.space == Variable::Space::shared) variables.push_back(&variable), named.insert(variable.name);
  }
  for (const Variable& variable : context.module.variables)
    if (variable.space == Variable::Space::shared && named.contains(variable.name)) variables.push_back(&variable);
  uint32_t end = 0;
  for (const Variable* variable : variables) {
    if (variable->external) continue;
    context.shared_offsets[variable->name] = aligned(end, variable->align);
    end = aligned(end, variable->align) + static_cast<uint32_t>(variable->bytes());
  }
  context.static_shared_bytes = end;
  for (const Variable* variable : variables)
    if (variable->external) context.shared_offsets[variable->name] = aligned(end, 16);
}

/// File and line as a programmer knows them: of the call, where the line is in a header of CUDA's.
std::pair<std::string, uint32_t> source_of(const Module& module, const Origin& origin) {
  const auto name = [&](uint32_t file) {
    const auto found = module.files.find(file);
    return found == module.files.end() ? std::string() : found->second;
  };
  const std::string own = name(origin.file), caller = name(origin.caller_file);
  if (!caller.empty() && own.find("/include/") != std::string::npos) return {caller, origin.caller_line};
  return own.empty() ? std::pair(module.path, origin.ptx_line) : std::pair(own, origin.line);
}

std::string emit_places(const KernelContext& context) {
  std::string code = fmt::format("constexpr Place places[{}] = {{\n", context.places.size() + 1);
  for (const Statement& statement : context.places) {
    const auto [file, line] = source_of(context.module, statement.origin);
    code += fmt::format("  {{{}, {}, {}, {}}},\n", quoted(file), line, statement.origin.ptx_line, quoted(statement.text));
  }
  return code + "};\n";
}

std::string emit_sites(const KernelContext& context) {
  if (context.mutants == Mutants::none) return "";
  std::string code = fmt::format("const MutationSite sites[{}] = {{\n", context.sites.size() + 1);
  for (const Site& site : context.sites)
    code += fmt::format("  {{{}, {}, {}, places + {}, {}}},\n", quoted(context.kernel.name), quoted(site.kind), quoted(site.change), site.place, site.built);
  return code + fmt::format("}};\nconst uint32_t first_site = register_mutation_sites(sites, {});\n", context.sites.size());
}

std::string emit_registration(const KernelContext& context) {
  std::string code = fmt::format("constexpr Parameter parameter_list[{}] = {{", context.kernel.parameters.size() + 1);
  for (const Variable& parameter : context.kernel.parameters)
    code += fmt::format("{{{}, {}}}, ", parameter_offset(context.kernel, parameter.name), parameter.bytes());
  return code + fmt::format("}};\nconst RegisteredKernel registered({{{}, body, parameter_list, {}, {}, {}}});\n", quoted(context.kernel.name),
                            context.kernel.parameters.size(), context.static_shared_bytes, context.kernel.max_threads);
}

std::string emit_kernel(const Module& module, const Function& kernel, size_t number, Mutants mutants, const std::set<size_t>& built = {}) {
  KernelContext context{.module = module, .kernel = kernel, .shared_offsets = {}, .globals = {}, .functions = {}, .mutants = mutants, .built = built, .places = {}, .sites = {}};
  for (const Variable& variable : module.variables)
    if (variable.space != Variable::Space::shared) context.globals[variable.name] = &variable;
  for (const Function& function : module.functions)
    if (!function.entry) {
      const Function*& known = context.functions[function.name];
      if (known == nullptr || function.defined) known = &function;
    }
  std::vector<const Function*> functions{&kernel};
  collect_calls(context, kernel, functions);
  lay_out_shared(context, functions);
  std::string heads, bodies;
  for (auto function = functions.rbegin(); function != functions.rend(); ++function) {
    if (!(*function)->entry) heads += function_head(**function) + ";\n";
    bodies += fmt::format("\n{}", Emitter(context, **function).emit());
  }
  // A site's number is known once everything before it was written: the second time only those that were drawn become code.
  if (mutants == Mutants::few && built.empty() && !context.sites.empty())
    return emit_kernel(module, kernel, number, mutants, draw_few(kernel, context.sites));
  return fmt::format("// {}\nnamespace kernel_{} {{\n{}{}{}{}{}}}  // namespace kernel_{}\n\n", kernel.name, number, emit_places(context),
                     emit_sites(context), heads, bodies, emit_registration(context), number);
}

}  // namespace

std::string translate(const Module& module, Mutants mutants) {
  std::string code = fmt::format("// Translated from {}.\n#include \"kernels/cuda_on_cpu/ptx_runtime.h\"\n\nusing namespace skewbench::cuda_on_cpu;\n\nnamespace {{\n\n",
                                 module.path.substr(module.path.rfind('/') + 1));
  std::set<std::string> known;
  for (const Variable& variable : module.variables) {
    if (variable.space == Variable::Space::shared) continue;
    check_initial(module, variable, known);
    known.insert(variable.name);
    code += emit_variable(variable);
  }
  size_t number = 0;
  for (const Function& function : module.functions)
    if (function.entry && function.defined) code += emit_kernel(module, function, number++, mutants);
  return code + "}  // namespace\n";
}

}  // namespace skewbench::cuda_on_cpu::ptx
