// What precompiled.hpp is compiled for: main.cpp, the only other file here, must do without it.
#include "tests/precompiled.hpp"
