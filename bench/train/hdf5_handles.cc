#include "bench/train/hdf5_handles.h"

namespace skewbench::train::hdf5 {

void silence() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

std::string error_text() {
  std::string text;
  // Upwards: from the place that failed to the call that was made. The first entry says it best.
  const auto keep_first = [](unsigned position, const H5E_error2_t* error, void* result) -> herr_t {
    if (position == 0 && error->desc != nullptr) *static_cast<std::string*>(result) = error->desc;
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, &text);
  return text.empty() ? "HDF5 gives no reason" : "HDF5: " + text;
}

Handle reader_access() {
  constexpr unsigned kAttempts = 26;  // pauses of 1, 2, 4 ... 2^25 nanoseconds
  Handle list = take(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "an HDF5 property list cannot be made");
  check(H5Pset_metadata_read_attempts(list, kAttempts), "attempts to read cannot be limited");
  return list;
}

}  // namespace skewbench::train::hdf5
