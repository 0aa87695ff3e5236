#include "kernels/cuda_on_cpu/ptx_cursor.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>

#include "kernels/cuda_on_cpu/ptx_parser.h"

namespace skewbench::cuda_on_cpu::ptx {
namespace {

bool in_identifier(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c == '%'; }
bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)); }

// Comments become spaces, so that lines keep their numbers. Quotes matter: "//" may stand in a file's name.
std::string without_comments(std::string_view text) {
  std::string result(text);
  bool quoted = false;
  for (size_t i = 0; i < result.size(); ++i) {
    if (result[i] == '"') quoted = !quoted;
    if (quoted || result[i] != '/' || i + 1 == result.size()) continue;
    if (result[i + 1] == '/')
      for (; i < result.size() && result[i] != '\n'; ++i) result[i] = ' ';
    else if (result[i + 1] == '*') {
      const size_t found = result.find("*/", i + 2), end = found == std::string::npos ? result.size() : found + 2;
      for (; i < end; ++i)
        if (result[i] != '\n') result[i] = ' ';
      --i;
    }
  }
  return result;
}

}  // namespace

Cursor::Cursor(std::string_view text, std::string path) : text_(without_comments(text)), path_(std::move(path)) {}

void Cursor::fail(const std::string& sentence) const { throw Error(fmt::format("{}:{}: {}", path_, line_, sentence)); }

void Cursor::advance() {
  if (text_[at_] == '\n') ++line_;
  ++at_;
}

void Cursor::skip_spaces() {
  while (at_ < text_.size() && is_space(text_[at_])) advance();
}

bool Cursor::at_end() { return next() == 0; }

char Cursor::next() {
  skip_spaces();
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool Cursor::take(char wanted) {
  if (next() != wanted) return false;
  advance();
  return true;
}

bool Cursor::take(std::string_view wanted) {
  skip_spaces();
  if (text_.compare(at_, wanted.size(), wanted) != 0) return false;
  at_ += wanted.size();
  return true;
}

void Cursor::expect(char wanted) {
  if (!take(wanted)) fail(fmt::format("expected '{}' before '{}'", wanted, at_end() ? "the end" : text_.substr(at_, 20)));
}

std::string Cursor::identifier() {
  skip_spaces();
  const size_t begin = at_;
  while (at_ < text_.size() && in_identifier(text_[at_])) ++at_;
  return text_.substr(begin, at_ - begin);
}

std::string Cursor::directive() {
  expect('.');
  return identifier();
}

std::string Cursor::opcode_rest() {
  const size_t begin = at_;
  while (at_ < text_.size() && text_[at_] == '.') {
    ++at_;
    while (at_ < text_.size() && (in_identifier(text_[at_]) || text_.compare(at_, 2, "::") == 0)) at_ += text_[at_] == ':' ? 2 : 1;
  }
  return text_.substr(begin, at_ - begin);
}

uint64_t Cursor::number() {
  const bool negative = take('-');
  std::string digits = identifier();
  const std::string spelling = digits;
  if (digits.ends_with('U')) digits.pop_back();
  int base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    const char mark = static_cast<char>(std::tolower(static_cast<unsigned char>(digits[1])));
    base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    digits.erase(0, base == 8 ? 1 : 2);
  }
  uint64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  if (error != std::errc() || stop != end) fail(fmt::format("'{}' is no number", spelling));
  return negative ? uint64_t{0} - value : value;
}

std::string Cursor::quoted() {
  expect('"');
  const size_t end = text_.find('"', at_);
  if (end == std::string::npos) fail("a quote that does not end");
  std::string result = text_.substr(at_, end - at_);
  while (at_ <= end) advance();
  return result;
}

std::string Cursor::rest_of_line() {
  const size_t end = std::min(text_.find('\n', at_), text_.size());
  std::string result = text_.substr(at_, end - at_);
  at_ = end;
  return result;
}

void Cursor::skip_block() {
  expect('{');
  for (int depth = 1; depth > 0; advance()) {
    if (at_ == text_.size()) fail("a block that does not end");
    depth += text_[at_] == '{' ? 1 : text_[at_] == '}' ? -1 : 0;
  }
}

size_t Cursor::position() {
  skip_spaces();
  return at_;
}

std::string Cursor::text_since(size_t position) const {
  std::string result;
  for (size_t i = position; i < at_; ++i)
    if (!is_space(text_[i]))
      result += text_[i];
    else if (!result.empty() && result.back() != ' ')
      result += ' ';
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

}  // namespace skewbench::cuda_on_cpu::ptx
