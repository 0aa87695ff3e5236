#include "kernels/cuda_on_cpu/equivalent_mutants.h"

#include <cxxabi.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
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

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
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
                              : last == "after" ? &entry.after : last == "why"  ? &entry.why  : nullptr;
    REQUIRE(part, "{}:{}: {} is not one of kernels, mutant, line, after, code, why", file, number, last);
    REQUIRE(part->empty() || *part == "*", "{}:{}: {} twice in one entry; a blank line ends an entry", file, number, last);
    *part = squeezed(value);
  }
  for (const EquivalentMutant& entry : entries) check_complete(entry);
  return entries;
}

void SourceTexts::add_ptx(const std::string& folder) {
  REQUIRE(std::filesystem::is_directory(folder), "there is no folder {} with PTX", folder);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".ptx") continue;
    ptx_.push_back(lines_of(entry.path().string()));
    for (const std::string& line : ptx_.back()) {
      const auto at = line.find(".entry ");
      if (at != std::string::npos) ptx_of_[line.substr(at + 7, line.find('(') - at - 7)] = ptx_.size() - 1;
    }
  }
}

std::string SourceTexts::source_line(const std::string& file, uint32_t line) {
  const auto [found, is_unread] = sources_.try_emplace(file);
  if (is_unread) found->second = lines_of(file);
  return line >= 1 && line <= found->second.size() ? found->second[line - 1] : "";
}

std::string SourceTexts::instruction_before(const std::string& kernel, uint32_t line) const {
  const auto found = ptx_of_.find(kernel);
  if (found == ptx_of_.end()) return "";
  const std::vector<std::string>& lines = ptx_[found->second];
  for (std::size_t i = std::min<std::size_t>(line, lines.size() + 1); i-- > 1;) {
    const std::string text = trimmed(lines[i - 1]);
    if (i < line && text.ends_with(";") && !text.starts_with(".")) return text;
  }
  return "";
}

SiteText describe(const MutationSite& site, SourceTexts& texts) {
  const Place& place = *site.place;
  return {short_kernel_name(site.kernel), std::string(site.kind) + " " + site.change, squeezed(texts.source_line(place.file, place.line)),
          without_numbers(texts.instruction_before(site.kernel, place.ptx_line)), without_numbers(place.instruction)};
}

bool fits(const EquivalentMutant& entry, const SiteText& site) {
  return std::find(entry.kernels.begin(), entry.kernels.end(), site.kernel) != entry.kernels.end() && matches(entry.mutant, site.mutant) &&
         matches(entry.line, site.line) && matches(entry.after, site.after) && matches(entry.code, site.code);
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
