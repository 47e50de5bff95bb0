// What submissions do to a grader, a case each.

#include "workbook/classroom/hostile_cases.hpp"

namespace workbook {

namespace {

/// add(), with `body` before it returns the right sum.
std::string doing(const std::string& body,
                  const std::string& before = "") {
  return "#pragma once\n" + before +
         "\ninline int add(int a, int b) {\n" + body +
         "\nreturn a + b;\n}\n";
}

/// add(), right only if `condition` holds: it must not.
std::string cheating_if(const std::string& condition,
                        const std::string& before = "") {
  return "#pragma once\n#include <errno.h>\n" + before +
         "\ninline int add(int a, int b) {\nreturn (" + condition +
         ") ? a + b : -1;\n}\n";
}

const char* const bare_syscall =
    "#include <sys/syscall.h>\n#include <unistd.h>\n";

void add_resources(std::vector<hostile_case>& all) {
  all.push_back(
      {"a memory bomb",
       doing("for (;;) {\nchar* p = new char[1 << 26];\n"
             "for (int i = 0; i < 1 << 26; i += 4096) p[i] = 1;\n}"),
       "crash", "of memory and was stopped"});
  all.push_back({"a fork bomb",
                 doing("for (;;) fork();", "#include <unistd.h>\n"),
                 "crash", "processes and was stopped"});
  all.push_back(
      {"endless output",
       doing("for (;;) puts(\"again and again and again and again\");",
             "#include <stdio.h>\n"),
       "crash", "of output and was stopped"});
  all.push_back(
      {"a huge file",
       doing("FILE* f = fopen(\"/tmp/huge\", \"w\");\n"
             "static char block[1 << 20];\n"
             "for (int i = 0; i < 4096; ++i) {\n"
             "if (fwrite(block, 1, sizeof block, f) != sizeof block) "
             "{ fputs(\"the disk is full\", stderr); abort(); }\n}",
             "#include <stdio.h>\n#include <stdlib.h>\n"),
       "crash", "the disk is full"});
  all.push_back({"an endless loop",
                 doing("volatile int turns = 0;\nfor (;;) turns = 1;"),
                 "timeout", "processor time without ending"});
  all.push_back({"a sleep without end",
                 doing("for (;;) pause();", "#include <unistd.h>\n"),
                 "timeout", "no thread can go on"});
}

void add_exits(std::vector<hostile_case>& all) {
  all.push_back({"_exit(0)",
                 doing("_exit(0);", "#include <unistd.h>\n"), "crash",
                 "exit status 0 in the middle of the test"});
  all.push_back({"exit from a static initializer",
                 doing("",
                       "#include <unistd.h>\n"
                       "inline const int gone = (_exit(0), 1);\n"),
                 "crash", "exit status 0 before the test began"});
  all.push_back({"a main of its own",
                 doing("", "int main() { return 0; }\n"), "not_run",
                 "int main()"});
  all.push_back(
      {"an operator new of its own",
       "#pragma once\n#include <new>\n#include <stdlib.h>\n"
       "void* operator new(size_t) { exit(0); }\n"
       "inline int add(int a, int b) { return a + b + *new int(0); }\n",
       "crash", "exit status 0 in the middle of the test"});
  all.push_back(
      {"a grader's function of its own",
       doing("", "inline void expect(bool, const char*) {}\n"),
       "not_run", "redefinition of"});
  all.push_back({"the grader's macros defined anew",
                 doing("", "#define EXPECT_EQ(a, b)\n"), "not_run",
                 "belongs to the tests"});
}

void add_forgeries(std::vector<hostile_case>& all) {
  all.push_back(
      {"a forged result on standard output",
       "#pragma once\n#include <stdio.h>\n#include <unistd.h>\n"
       "inline int add(int, int) {\n"
       "puts(\"[       OK ] adder.adds (0 ms)\");\n"
       "puts(\"{\\\"event\\\":\\\"end\\\",\\\"passed\\\":true}\");\n"
       "fflush(stdout);\n_exit(0);\n}\n",
       "crash", "in the middle of the test"});
  all.push_back(
      {"a forged result on every descriptor",
       "#pragma once\n#include <unistd.h>\n"
       "inline int add(int, int) {\n"
       "const char line[] = \"00 "
       "{\\\"event\\\":\\\"end\\\",\\\"passed\\\":true}\\n\";\n"
       "for (int i = 0; i < 1024; ++i) "
       "(void)!write(i, line, sizeof line - 1);\n_exit(0);\n}\n",
       "crash", "in the middle of the test"});
  all.push_back({"a results file of its own",
                 cheating_if("fopen(\"%OUT%/result.json\", \"w\") || "
                             "fopen(\"../result.json\", \"w\")",
                             "#include <stdio.h>\n"),
                 "fail", "expected 5"});
  all.push_back(
      {"the verdict turned round at exit",
       "#pragma once\n#include <stdio.h>\n#include <unistd.h>\n"
       "struct liar {\n~liar() {\n"
       "dprintf(harness::channel, \"%s "
       "{\\\"event\\\":\\\"end\\\",\\\"passed\\\":true}\\n\", "
       "harness::word);\n_exit(0);\n}\n};\ninline liar lie;\n"
       "inline int add(int, int) { return -1; }\n",
       "fail", "expected 5"});
  all.push_back(
      {"a pass that no test has earned",
       "#pragma once\n#include <stdio.h>\n#include <unistd.h>\n"
       "inline int add(int, int) {\n"
       "dprintf(harness::channel, \"%s "
       "{\\\"event\\\":\\\"end\\\",\\\"passed\\\":true}\\n\", "
       "harness::word);\n_exit(0);\n}\n",
       "crash", "the grader had planted a failure"});
}

void add_processes(std::vector<hostile_case>& all) {
  all.push_back(
      {"a daemon by setsid",
       cheating_if("setsid() >= 0 || (fork() == 0 && setsid() >= 0)",
                   "#include <unistd.h>\n"),
       "fail", "expected 5"});
  all.push_back({"ptrace of the sandbox's first process",
                 cheating_if("ptrace(PTRACE_ATTACH, 1, 0, 0) == 0",
                             "#include <sys/ptrace.h>\n"),
                 "fail", "expected 5"});
  all.push_back(
      {"the memory of the runner",
       "#pragma once\n#include <fcntl.h>\n#include <stdio.h>\n"
       "#include <unistd.h>\n"
       "inline int add(int a, int b) {\n"
       "char name[64];\nfor (int i = 1; i < 70000; ++i) {\n"
       "if (i == 1 || i == getpid()) continue;\n"
       "snprintf(name, sizeof name, \"/proc/%d/mem\", i);\n"
       "if (open(name, O_RDWR) >= 0) return a + b;\n}\nreturn -1;\n}\n",
       "fail", "expected 5"});
  all.push_back(
      {"killing the runner",
       "#pragma once\n#include <signal.h>\n#include <unistd.h>\n"
       "inline int add(int a, int b) {\n"
       "for (int i = 2; i < 70000; ++i) if (i != getpid()) "
       "kill(i, SIGKILL);\nkill(getppid(), SIGKILL);\n"
       "return a + b;\n}\n",
       "pass", ""});
  all.push_back(
      {"the environment of the first process",
       "#pragma once\n#include <stdio.h>\n#include <string.h>\n"
       "#include <stdlib.h>\n#include <initializer_list>\n"
       "inline bool found() {\nstatic char text[1 << 16];\n"
       "for (const char* name : {\"/proc/1/environ\", "
       "\"/proc/1/cmdline\", \"/proc/self/environ\"}) {\n"
       "FILE* f = fopen(name, \"r\");\nif (!f) continue;\n"
       "size_t n = fread(text, 1, sizeof text, f);\nfclose(f);\n"
       "if (memmem(text, n, \"CHANNEL=3\", 9) || "
       "memmem(text, n, \"SECRET_OF_THE_TEACHER\", 21)) return true;\n"
       "}\nreturn getenv(\"SECRET_OF_THE_TEACHER\") != nullptr;\n}\n"
       "inline int add(int a, int b) { return found() ? a + b : -1; "
       "}\n",
       "fail", "expected 5"});
  all.push_back(
      {"raw system calls",
       cheating_if("syscall(SYS_unshare, 0x10000000) == 0 || "
                   "syscall(SYS_mount, 0, 0, 0, 0, 0) == 0 || "
                   "syscall(SYS_bpf, 0, 0, 0) >= 0 || "
                   "syscall(SYS_io_uring_setup, 1, 0) >= 0 || "
                   "(errno != EPERM)",
                   bare_syscall),
       "fail", "expected 5"});
  all.push_back({"the network",
                 cheating_if("socket(AF_INET, SOCK_STREAM, 0) >= 0 || "
                             "socket(AF_NETLINK, SOCK_RAW, 0) >= 0",
                             "#include <sys/socket.h>\n"),
                 "fail", "expected 5"});
  all.push_back(
      {"preloading and the variables of compilers",
       cheating_if("getenv(\"LD_PRELOAD\") || getenv(\"CPATH\") || "
                   "getenv(\"GCC_EXEC_PREFIX\")",
                   "#include <stdlib.h>\n"),
       "fail", "expected 5"});
}

/// `%ROOT%` is the workspace.
void add_readers(std::vector<hostile_case>& all) {
  all.push_back(
      {"reading the solutions",
       cheating_if(
           "fopen(\"%ROOT%/solutions/09_fixture/adder.hpp\", \"r\") || "
           "fopen(\"%ROOT%/hidden/09_fixture/more.cpp\", \"r\")",
           "#include <stdio.h>\n"),
       "fail", "expected 5"});
  all.push_back({"an include of the solution",
                 "#pragma once\n"
                 "#include <%ROOT%/solutions/09_fixture/adder.hpp>\n",
                 "not_run", "a lab includes the labs' own files"});
  all.push_back(
      {"an include of the solution by a macro",
       "#pragma once\n#define FILE_OF(x) <x>\n"
       "#include FILE_OF(%ROOT%/solutions/09_fixture/adder.hpp)\n",
       "not_run", "a lab says by name"});
  all.push_back(
      {"an include in quotes of a hidden test",
       "#pragma once\n#include \"%ROOT%/hidden/09_fixture/more.cpp\"\n",
       "not_run", "a lab includes the labs' own files"});
  all.push_back(
      {"__has_include of the solution",
       "#pragma once\n"
       "#if __has_include(<%ROOT%/solutions/09_fixture/adder.hpp>)\n"
       "inline int add(int a, int b) { return a + b; }\n#else\n"
       "inline int add(int, int) { return -1; }\n#endif\n",
       "fail", "expected 5"});
  all.push_back({".incbin of the solution",
                 doing("",
                       "__asm__(\".incbin \\\"%ROOT%/solutions/"
                       "09_fixture/adder.hpp\\\"\");\n"),
                 "not_run", "hides code from the tests"});
  all.push_back({"an include of /dev/zero",
                 "#pragma once\n#include </dev/zero>\n", "not_run",
                 "a lab includes the labs' own files"});
  all.push_back({"an include of /dev/zero, by a macro",
                 "#pragma once\n#define DEVICE </dev/zero>\n"
                 "#include DEVICE\n",
                 "not_run", "a lab says by name"});
  all.push_back({"an include of a device that never answers",
                 "#pragma once\n#include </dev/ptmx>\n", "not_run",
                 "a lab includes the labs' own files"});
  all.push_back(
      {"an include of a device that never answers, by a macro",
       "#pragma once\n#define DEVICE </dev/ptmx>\n"
       "#include DEVICE\n",
       "not_run", "a lab says by name"});
  all.push_back({"an include of a device, by a digraph",
                 "#pragma once\n%:inc\\\nlude </dev/zero>\n", "not_run",
                 "a lab "});
  all.push_back({"the next include is a device",
                 "#pragma once\n#include_next </dev/zero>\n", "not_run",
                 "a lab "});
}

void add_compilers(std::vector<hostile_case>& all) {
  all.push_back(
      {"a template bomb",
       "#pragma once\n"
       "template <int N, int M> struct bomb { bomb<N - 1, M * 2> a; "
       "bomb<N - 1, M * 2 + 1> b; };\n"
       "template <int M> struct bomb<0, M> { char c; };\n"
       "inline int add(int a, int b) { return a + b + "
       "int(sizeof(bomb<28, 1>)); }\n",
       "not_run", "does not compile: the compiler"});
  all.push_back(
      {"a constexpr bomb",
       "#pragma once\n"
       "constexpr int spin(int n) { int s = 0; for (int i = 0; i < n; "
       "++i) for (int j = 0; j < 200000; ++j) s ^= j; return s; }\n"
       "inline int add(int a, int b) { constexpr int x = spin(30000); "
       "return a + b + x - x; }\n",
       "not_run", "operation count exceeds limit"});
  std::string flood = "#pragma once\n";
  for (int i = 0; i < 5000; ++i) {
    flood += "undeclared_" + std::to_string(i) + " x;\n";
  }
  all.push_back({"a flood of compiler errors", flood, "not_run",
                 "adder.hpp:2: "});
  all.push_back({"an include of itself without end",
                 "#include \"adder.hpp\"\n#include \"adder.hpp\"\n",
                 "not_run", "does not compile"});
}

void add_words(std::vector<hostile_case>& all) {
  all.push_back({"the grader detected by a macro",
                 "#pragma once\n#ifdef __SANITIZE_THREAD__\n#endif\n"
                 "inline int add(int a, int b) { return a + b; }\n",
                 "not_run", "hides code from the tests"});
  all.push_back(
      {"answers by the name of the test",
       "#pragma once\n#include <stdio.h>\n#include <string.h>\n"
       "inline int add(int, int) {\nstatic char text[4096];\n"
       "FILE* f = fopen(\"/proc/self/cmdline\", \"r\");\n"
       "size_t n = fread(text, 1, sizeof text, f);\n"
       "return memmem(text, n, \"adder.adds\", 10) ? 5 : -1;\n}\n",
       "pass", ""});
  all.push_back(
      {"terminal escapes and HTML in the output",
       doing("puts(\"\\033[2J\\033]0;owned\\007<script>alert(1)"
             "</script>\");\nfflush(stdout);\nabort();",
             "#include <stdio.h>\n#include <stdlib.h>\n"),
       "crash", "<script>alert(1)</script>"});
  all.push_back(
      {"output that is not UTF-8",
       doing("puts(\"\\xff\\xfe\\x80 caf\\xe9\");\nfflush(stdout);\n"
             "abort();",
             "#include <stdio.h>\n#include <stdlib.h>\n"),
       "crash", "caf"});
}

}  // namespace

std::vector<hostile_case> hostile_cases() {
  std::vector<hostile_case> all;
  add_resources(all);
  add_exits(all);
  add_forgeries(all);
  add_processes(all);
  add_readers(all);
  add_compilers(all);
  add_words(all);
  return all;
}

}  // namespace workbook
