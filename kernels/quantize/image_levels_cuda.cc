#include "kernels/quantize/image_levels_cuda.h"

#include "kernels/quantize/check_cuda.h"

namespace skewbench::quantize {
namespace {

using device::no_workspace;

std::string encode_any(const ImageLevelsEncode& a) { return first_of({why_not(a.problem), why_not_draws(a.draws, a.problem.count)}); }
std::string encode_aligned(const ImageLevelsEncode& a) { return first_of({encode_any(a), why_not_aligned(a.images)}); }
template <class T>
std::string decode_any(const ImageLevelsDecode<T>& a) { return why_not(a.problem); }
template <class T>
std::string decode_aligned(const ImageLevelsDecode<T>& a) { return first_of({why_not(a.problem), why_not_aligned(a.images)}); }

const device::Version<ImageLevelsEncode> kEncode[] = {{1, "byte_per_thread", encode_any, no_workspace, v1::image_levels_encode},
                                                      {2, "tables_in_shared_memory", encode_aligned, no_workspace, v2::image_levels_encode}};
const device::Version<ImageLevelsToBytes> kToBytes[] = {{1, "byte_per_thread", decode_any, no_workspace, v1::image_levels_to_bytes},
                                                        {2, "tables_in_shared_memory", decode_aligned, no_workspace, v2::image_levels_to_bytes}};
const device::Version<ImageLevelsToFloats> kToFloats[] = {
    {1, "byte_per_thread", decode_any, no_workspace, v1::image_levels_to_floats},
    {2, "tables_in_shared_memory", decode_aligned, no_workspace, v2::image_levels_to_floats}};

}  // namespace

device::Versions<ImageLevelsEncode> image_levels_encode_versions() { return kEncode; }
device::Versions<ImageLevelsToBytes> image_levels_to_bytes_versions() { return kToBytes; }
device::Versions<ImageLevelsToFloats> image_levels_to_floats_versions() { return kToFloats; }

}  // namespace skewbench::quantize
