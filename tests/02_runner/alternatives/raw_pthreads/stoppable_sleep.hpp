// Given to the reader; the same for every runner.
#pragma once
#include "../../../../solutions/02_runner/stoppable_sleep.hpp"
