// The fixed parts of the HTML page, as text. The page's behaviour is in page_script.cpp.
#pragma once

#include <string_view>

namespace plan::emit {

extern const std::string_view page_style;
extern const std::string_view page_body;  // elements around the picture; has {{svg}}
extern const std::string_view page_script;

}  // namespace plan::emit
