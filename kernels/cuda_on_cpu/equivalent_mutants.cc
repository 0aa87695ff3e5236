#include "kernels/cuda_on_cpu/equivalent_mutants.h"

#include <cxxabi.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include "kernels/base/error.h"

namespace skewbench::cuda_on_cpu {
namespace {

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// One blank between words.
std::string squeezed(const std::string& text) {
  std::istringstream words(text);
  std::string result, word;
  while (words >> word) result += (result.empty() ? "" : " ") + word;
  return result;
}

std::vector<std::string> split(const std::string& text) {
  std::istringstream words(text);
  std::vector<std::string> result;
  for (std::string word; words >> word;) result.push_back(word);
  return result;
}

void check_complete(const EquivalentMutant& entry) {
  const std::pair<const char*, bool> parts[] = {{"kernels", !entry.kernels.empty()}, {"mutant", !entry.mutant.empty()},
                                                {"line", !entry.line.empty()},       {"code", !entry.code.empty()},
                                                {"why", !entry.why.empty()}};
  for (const auto& [name, is_there] : parts)
    REQUIRE(is_there, "{}:{}: the entry has no {}", entry.file, entry.line_number, name);
}

}  // namespace

std::vector<EquivalentMutant> parse_equivalent_mutants(const std::string& text, const std::string& file) {
  std::vector<EquivalentMutant> entries;
  std::istringstream lines(text);
  std::string line, last;
  int number = 0;
  bool is_open = false;
  while (std::getline(lines, line)) {
    ++number;
    const std::string content = trimmed(line);
    if (content.starts_with("#")) continue;
    if (content.empty()) {
      is_open = false;
      continue;
    }
    if (!is_open) entries.emplace_back(EquivalentMutant{.file = file, .line_number = number});
    is_open = true;
    EquivalentMutant& entry = entries.back();
    if (std::isspace(static_cast<unsigned char>(line[0]))) {
      REQUIRE(last == "why" && !entry.why.empty(), "{}:{}: only a why goes on in a second line", file, number);
      entry.why += " " + content;
      continue;
    }
    last = content.substr(0, content.find_first_of(" \t"));
    const std::string value = trimmed(content.substr(last.size()));
    if (last == "kernels") {
      REQUIRE(entry.kernels.empty(), "{}:{}: kernels twice in one entry; a blank line ends an entry", file, number);
      entry.kernels = split(value);
      continue;
    }
    std::string* const part = last == "mutant" ? &entry.mutant : last == "line" ? &entry.line : last == "code" ? &entry.code
                              : last == "why"  ? &entry.why    : nullptr;
    REQUIRE(part, "{}:{}: {} is not one of kernels, mutant, line, code, why", file, number, last);
    REQUIRE(part->empty(), "{}:{}: {} twice in one entry; a blank line ends an entry", file, number, last);
    *part = squeezed(value);
  }
  for (const EquivalentMutant& entry : entries) check_complete(entry);
  return entries;
}

SiteText describe(const MutationSite& site, std::map<std::string, std::vector<std::string>>& sources) {
  const auto [found, is_new] = sources.try_emplace(site.place->file);
  if (is_new) {
    std::ifstream file(site.place->file);
    for (std::string line; std::getline(file, line);) found->second.push_back(line);
  }
  const std::size_t number = site.place->line;
  const std::string line = number >= 1 && number <= found->second.size() ? found->second[number - 1] : "";
  return {short_kernel_name(site.kernel), std::string(site.kind) + " " + site.change, squeezed(line), without_numbers(site.place->instruction)};
}

bool fits(const EquivalentMutant& entry, const SiteText& site) {
  return std::find(entry.kernels.begin(), entry.kernels.end(), site.kernel) != entry.kernels.end() && entry.mutant == site.mutant &&
         matches(entry.line, site.line) && matches(entry.code, site.code);
}

std::string short_kernel_name(const std::string& mangled) {
  int status = 0;
  char* const demangled = abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status);
  std::string name = status == 0 ? demangled : mangled;
  std::free(demangled);
  for (std::size_t at; (at = name.find("(anonymous namespace)::")) != std::string::npos;) name.erase(at, 23);
  name = name.substr(0, name.find_first_of("(<"));           // the result's type stands before the name of a template
  return name.substr(name.find_last_of(": ") + 1);           // npos + 1 is 0
}

std::string without_numbers(const std::string& instruction) {
  static const std::regex number(R"((%[a-z]+|\$[A-Za-z_]+?)_?_?(?:BB)?\d[\w]*)");
  std::string text = squeezed(std::regex_replace(instruction, number, "$1"));
  while (!text.empty() && (text.back() == ';' || text.back() == ' ')) text.pop_back();
  return text;
}

bool matches(const std::string& pattern, const std::string& text) {
  std::size_t p = 0, t = 0, star = std::string::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++, resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string::npos) {
      p = star + 1, t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace skewbench::cuda_on_cpu
