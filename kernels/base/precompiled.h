// What tests and other sources of thin code include, compiled once before them all (see the Makefile): two seconds less for
// each. Given to the compiler by -include; a source still names what it uses.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/test_arrays.h"
