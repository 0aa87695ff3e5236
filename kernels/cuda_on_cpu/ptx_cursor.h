// Reads PTX text from front to back: words, numbers, punctuation. Comments are blanked out at the start.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace skewbench::cuda_on_cpu::ptx {

class Cursor {
 public:
  Cursor(std::string_view text, std::string path);

  uint32_t line() const { return line_; }
  bool at_end();                      ///< nothing but spaces follows
  char next();                        ///< the character behind the spaces, 0 at the end
  bool take(char wanted);             ///< takes it if it is next
  bool take(std::string_view wanted); ///< the same for several characters
  void expect(char wanted);

  std::string identifier();           ///< [A-Za-z0-9_$%]+, perhaps none
  std::string directive();            ///< ".align": the word behind the dot
  std::string opcode_rest();          ///< ".rn.f32" or ".shared::cta", perhaps none
  uint64_t number();                  ///< decimal, hexadecimal, octal or binary, with a sign; two's complement
  std::string quoted();               ///< "text", without the quotes
  std::string rest_of_line();
  void skip_block();                  ///< { ... } with all that is in it

  size_t position();                  ///< behind the spaces
  std::string text_since(size_t position) const;  ///< spaces normalised

  [[noreturn]] void fail(const std::string& sentence) const;

 private:
  void skip_spaces();
  void advance();

  std::string text_, path_;
  size_t at_ = 0;
  uint32_t line_ = 1;
};

}  // namespace skewbench::cuda_on_cpu::ptx
