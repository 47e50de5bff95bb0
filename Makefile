# The front door: `make help`. The program `workbook` (tests/workbook)
# does the work; this file installs what it needs. All is built under build/.

## make                        grade the lab at hand; what is next
## make grade LAB=01           grade one lab
##   STEP=1.2                    this step first
##   FRESH=1                     run every test, whatever is recorded
##   VARIANT=solutions           the reference instead of the lab
##   BASE=solutions              on the reference's earlier chapters
##   STRICT=1                    exit status 1 below full marks
## make watch LAB=01           grade the step at hand at every save
## make hint STEP=1.2          the next hint for a step
## make replay CASE=01.a_test SEED=17
##                             one schedule of a test; GDB=1 stops in it
## make demo LAB=01            see a lab at work
## make soak LAB=06 MINUTES=5  run it under load
## make bench LAB=01           measure it; PEERS=1 installs its peers;
##                             RECORD=1: the book's charts follow
## make duel                   the references against Go, Boost and
##                             oneTBB; LAB=06: your code instead
##   QUICK=1                     two minutes instead of ten
##   CASE=yield_2                one workload alone
##   RECORD=1                    renew the record and its charts
## make profile LAB=06 CASE=yield_2
##                             where the instructions of one go
## make book                   the book, as build/book/html/index.html
## make labs                   write the skeletons that are missing
## make doctor                 is this machine fit for it?
## make reset LAB=01           begin a lab anew; your work is kept
##
## For teachers (book: The instructor's guide):
## make handout OUT=dir        a repository for students
##   LABS=00-04 STEPS=..4.3 TERM=2027-spring HINTS=off BOOK=off
## make class SUBMISSIONS=dir OUT=dir LABS=00,01
##                             grade a class; again: go on, or regrade
##   JOBS=2 TERM=2027-spring STEPS=..4.3 PRIVATE=dir ROSTER=file.csv
##
## For maintainers:
## make test                   everything that can be checked; goes on
##                             where it was interrupted (FRESH=1: not);
##                             BROWSER=1 installs one, to read the book
## make mutants [LAB=01]       every wrong solution is caught
## make alternatives [LAB=01]  other right ones get full marks
## make steps [LAB=01]         a step's snapshot passes its tests
## make try LAB=01 PATCH=FILE which test catches a wrong solution; a
##                             folder of them too; ALL=1: every test
## make mutate [LAB=01]        which small edits of the solutions no
##                             test catches; goes on where it was left
##   COUNT=50 SEED=1             a sample; ALL=1: excused ones too
## make contracts [LAB=01]      what checks each sentence of a contract
## make sanitizers [LAB=01]    the references under ASan, UBSan, TSan
## make instructions           how many each operation takes, against
##                             the record; RECORD=1 renews it
## make format                 clang-format, in place
## make clean                  remove build/
##
## LAB takes 1, 01 or 01_pooling. Missing Debian packages are named and
## installed, as root or through sudo (WORKBOOK_PACKAGES=skip: not).

commands := board grade watch hint replay demo soak bench labs reset \
  test mutants alternatives steps sanitizers try mutate contracts
variables := LAB STEP VARIANT BASE STRICT FRESH CASE SEED GDB PEERS \
  MINUTES BROWSER PATCH ALL COUNT QUICK RECORD
variables += OUT LABS STEPS TERM HINTS BOOK SUBMISSIONS JOBS PRIVATE \
  ROSTER

.PHONY: $(commands) handout class duel profile instructions program \
  packages book format doctor clean help
.NOTPARALLEL:

# A record of the charts: medians, and of the reference.
recorded_bench := $(and $(filter bench,$(MAKECMDGOALS)),\
  $(filter-out 0,$(RECORD)))
ifneq ($(recorded_bench),)
  override VARIANT := solutions
  export BENCHMARK_REPETITIONS := 11
  export BENCHMARK_ENABLE_RANDOM_INTERLEAVING := true
endif

# `make` alone.
board:

# ---- The program's commands -------------------------------------------

options = $(foreach name, \
    LAB STEP VARIANT BASE CASE SEED MINUTES PATCH COUNT, \
    $(if $($(name)),$(option.$(name)) '$($(name))')) \
  $(if $(filter-out 0,$(STRICT)),--strict) \
  $(if $(filter-out 0,$(FRESH)),--fresh) \
  $(if $(filter-out 0,$(GDB)),--gdb) \
  $(if $(filter-out 0,$(ALL)),--all)
option.LAB := --lab
option.STEP := --step
option.VARIANT := --variant
option.BASE := --base
option.CASE := --case
option.SEED := --seed
option.MINUTES := --minutes
option.PATCH := --patch
option.COUNT := --count

# A recipe that fails makes `make` exit with 2, except under --question:
# there a recipe line with a + still runs, and its 1 is passed on. That
# keeps the program's 1 (not as it should be) apart from its 2 (could
# not be done). So every recipe line of this file has a +.
MAKEFLAGS += --question

$(commands): program
	+@env -u MAKEFLAGS build/explore/tests/workbook/workbook \
	  $@ $(options)$(if $(recorded_bench), && \
	  tests/book/record_charts.py '$(LAB)')

program: packages
	+@env -u MAKEFLAGS .ci/build workbook

# ---- For teachers -----------------------------------------------------

# Every terminal sets TERM; a term is what the command line says.
given_term = $(if $(filter command,$(origin TERM)),--term '$(TERM)')
named = $(foreach name,$1,$(if $($(name)), \
  $(teachers.$(name)) '$($(name))'))
teachers.LABS := --labs
teachers.HINTS := --hints
teachers.BOOK := --book
teachers.JOBS := --jobs
teachers.PRIVATE := --private
teachers.ROSTER := --roster

handout: program
	+@$(if $(OUT),,echo "handout: where to? OUT=dir" >&2; exit 2;) \
	  classroom/handout.py '$(OUT)' $(call named,LABS HINTS BOOK) \
	  $(given_term) $(if $(STEPS),--steps='$(STEPS)')

class: program
	+@$(if $(and $(SUBMISSIONS),$(OUT),$(LABS)),, \
	  echo "class: SUBMISSIONS=, OUT= and LABS= are needed" >&2; \
	  exit 2;) .ci/build workbook_confine workbook_take_in && \
	  classroom/grade_class.py '$(SUBMISSIONS)' '$(OUT)' \
	  $(call named,LABS JOBS PRIVATE ROSTER) $(given_term) \
	  $(if $(STEPS),--up-to='$(STEPS)')

# ---- What each needs: lines of .ci/packages ---------------------------

needs = build $(if $(filter-out 0,$(GDB)),gdb)
handout: needs += book git
class: needs += classroom
instructions profile test: needs += instructions
duel: needs += duel $(if $(filter-out 0,$(PEERS)),peers)
bench: needs += bench $(if $(filter-out 0,$(PEERS)),peers)
test: needs += test book classroom classroom-test $(if $(filter-out 0,$(BROWSER)),browser)
book: needs := book
format: needs := format

packages:
	+@.ci/need $(needs)

# ---- Without the program ----------------------------------------------

duel: packages
	+@tests/duel/duel.py $(if $(LAB),--lab '$(LAB)') \
	  $(if $(CASE),--case '$(CASE)') \
	  $(if $(filter-out 0,$(QUICK)),--quick) \
	  $(if $(filter-out 0,$(RECORD)),--record)

book: packages
	+@book/build.sh

format: packages
	+@git ls-files '*.hpp' '*.cpp' | \
	  grep -v '^labs/\|^solutions/05\|^solutions/06' | xargs clang-format -i

profile: packages
	+@tests/duel/profiling.py $(if $(LAB),--lab '$(LAB)') \
	  $(if $(CASE),--case '$(CASE)') \
	  $(if $(VARIANT),--variant '$(VARIANT)')

instructions: packages
	+@tests/duel/instructions.py \
	  $(if $(filter-out 0,$(RECORD)),--record)

doctor:
	+@.ci/doctor

clean:
	+rm -rf build

help:
	+@sed -n 's/^## \{0,1\}//p' Makefile

# A misspelt variable would be ignored in silence.
given := $(foreach name,$(.VARIABLES),$(if \
  $(filter command,$(origin $(name))),$(name)))
unknown := $(filter-out $(variables) MAKE%,$(given))
ifneq ($(unknown),)
  $(error There is no option $(unknown); the options are: $(variables))
endif
