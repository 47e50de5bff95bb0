// One translation unit that judges several variants of a chapter.

#include "workbook/unit_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <regex>

#include "workbook/text_file.hpp"
#include "workbook/tokens.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

/// The name in `#include "name"`, or "".
std::string included_by(const std::string& line) {
  static const std::regex form(R"re(\s*#\s*include\s*"([^"]+)".*)re");
  std::smatch found;
  return line.find('#') != std::string::npos &&
                 std::regex_match(line, found, form)
             ? found[1].str()
             : std::string();
}

/// Writes the files of one section, each once, in the place where it
/// is first included.
class section_writer {
 public:
  section_writer(const workspace& where, const chapter& of,
                 const unit_section& section)
      : section_(section), tests_(where.root / "tests") {
    folders_ = {section.sources};
    if (!section.fallback.empty()) {
      folders_.push_back(section.fallback);
    }
    for (const std::string& other : of.rests_on) {
      folders_.push_back(where.root / section.base / other);
    }
    folders_.push_back(tests_);
    for (const fs::path& file : section.tests) {
      write(file, only_tests(read_text(file), section.wanted));
    }
    for (const std::string& name : of.files) {
      if (name.ends_with(".cpp")) {
        write_once(section.sources / name);
      }
    }
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void write_once(const fs::path& file) {
    if (known_.insert(file.lexically_normal().string()).second) {
      write(file, read_text(file));
    }
  }

  void write(const fs::path& file, const std::string& source) {
    constexpr std::string_view once = "#pragma once";
    std::size_t number = 0;
    mark(1, file);
    for (const std::string& line : lines_of(source)) {
      ++number;
      const std::string name = included_by(line);
      const fs::path found =
          name.empty() ? fs::path() : find(name, file.parent_path());
      if (found.empty() || is_shared(found)) {
        text_ += (line.starts_with(once) ? "" : line) + "\n";
      } else {
        write_once(found);
        mark(number + 1, file);
      }
    }
  }

  /// Where variants share a unit, a test is named as if it were among
  /// their files: so an error in it tells whose it is.
  void mark(std::size_t line, const fs::path& file) {
    const bool own = section_.inside.empty() ||
                     file.parent_path() == section_.sources;
    const fs::path shown =
        own ? file : section_.sources / file.filename();
    text_ += fmt::format("#line {} \"{}\"\n", line, shown.string());
  }

  /// Where the compiler would find it; empty if nowhere.
  [[nodiscard]] fs::path find(const std::string& name,
                              const fs::path& from) const {
    std::error_code failed;
    if (from == section_.fallback &&
        fs::is_regular_file(section_.sources / name, failed)) {
      return section_.sources / name;
    }
    if (fs::is_regular_file(from / name, failed)) {
      return from / name;
    }
    for (const fs::path& folder : folders_) {
      if (fs::is_regular_file(folder / name, failed)) {
        return folder / name;
      }
    }
    return {};
  }

  /// What tests are made of has names of its own.
  [[nodiscard]] bool is_shared(const fs::path& file) const {
    const auto parent = file.lexically_normal().parent_path();
    return parent == tests_ / "grading" || parent == tests_ / "explore";
  }

  const unit_section& section_;
  fs::path tests_;
  std::vector<fs::path> folders_;
  std::set<std::string> known_;
  std::string text_;
};

/// The functions that `text` defines with C linkage: their names have
/// no namespace, so each section needs others.
std::set<std::string> c_functions(const std::string& text) {
  static const std::regex form(
      R"(extern "C" (?:inline |static )[\w ]*?(\w+)\()");
  std::set<std::string> names;
  for (std::sregex_iterator each(text.begin(), text.end(), form), end;
       each != end; ++each) {
    names.insert((*each)[1]);
  }
  return names;
}

/// `text` with the section's name at the end of each workbook_…: what
/// is called so has C linkage or is a label of assembly, also within
/// the text of an asm.
std::string with_own_symbols(const std::string& text,
                             const std::string& inside) {
  const std::string prefix = "workbook_";
  const auto is_word = [&](std::size_t place) {
    return place < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[place])) !=
                0 ||
            text[place] == '_');
  };
  std::string made;
  std::size_t done = 0;
  for (std::size_t found = text.find(prefix);
       found != std::string::npos; found = text.find(prefix, done)) {
    std::size_t end = found;
    while (is_word(end)) {
      ++end;
    }
    made.append(text, done, end - done);
    const std::size_t line = text.rfind('\n', found) + 1;
    const bool is_path = text.compare(line, 5, "#line") == 0;
    if (!is_path && (found == 0 || !is_word(found - 1))) {
      made += "_" + inside;
    }
    done = end;
  }
  made.append(text, done, std::string::npos);
  return made;
}

std::string section_text(const workspace& where, const chapter& of,
                         const unit_section& section) {
  const std::string body = section_writer(where, of, section).text();
  if (section.inside.empty()) {
    return body;
  }
  std::set<std::string> names = c_functions(body);
  std::erase_if(names, [](const std::string& name) {
    return name.starts_with("workbook_");
  });
  names.insert("workbook");
  std::string before =
      "#define WORKBOOK_INSIDE " + section.inside + "\n";
  std::string after = "#undef WORKBOOK_INSIDE\n";
  for (const std::string& name : names) {
    before += name == "workbook"
                  ? fmt::format("#define {} {}\n", name, section.inside)
                  : fmt::format("#define {0} {0}_{1}\n", name,
                                section.inside);
    after += "#undef " + name + "\n";
  }
  return before + with_own_symbols(body, section.inside) + after;
}

}  // namespace

std::string unit_text(const workspace& where, const chapter& of,
                      const std::vector<unit_section>& sections) {
  std::string text = fmt::format(
      "// {} variants of {}; written by the program `workbook`.\n",
      sections.size(), of.lab);
  if (!sections.front().inside.empty()) {
    text += "#define WORKBOOK_SEVERAL\n";
  }
  for (const unit_section& each : sections) {
    text += section_text(where, of, each);
  }
  return text;
}

std::string name_inside(const std::string& inside,
                        const std::string& suite,
                        const std::string& test) {
  return inside.empty() ? suite + "." + test
                        : suite + "_of_" + inside + "." + test;
}

std::string only_tests(const std::string& source,
                       const std::set<std::string>& wanted) {
  if (wanted.empty()) {
    return source;
  }
  static const std::regex macro(
      R"((^|\n)(GRADED|EXPLORED|BREAKS)\s*\(\s*\w+\s*,\s*(\w+))");
  const std::string code = without_comments(source);
  std::string text = source;
  for (std::sregex_iterator each(code.begin(), code.end(), macro), end;
       each != end; ++each) {
    if (wanted.contains((*each)[3])) {
      continue;
    }
    const auto start = static_cast<std::size_t>(each->position(2));
    const std::size_t body =
        code.find('{', after_closing(code, code.find('(', start)));
    if (body != std::string::npos) {
      const std::size_t last = after_closing(code, body);
      for (std::size_t i = start; i < last; ++i) {
        text[i] = text[i] == '\n' ? '\n' : ' ';
      }
    }
  }
  return text;
}

}  // namespace workbook
