// The reference's own: this alternative differs elsewhere.

#pragma once

#include "../../../../solutions/05_leaks/scope_nesting.hpp"
