// The one of raw_pthreads: this alternative differs elsewhere.

#pragma once

#include "../raw_pthreads/leak_listener.hpp"
