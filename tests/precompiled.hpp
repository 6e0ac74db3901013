// As dsl/precompiled.hpp, for the tests.
#pragma once

#include <catch2/catch.hpp>

#include "dsl/precompiled.hpp"
