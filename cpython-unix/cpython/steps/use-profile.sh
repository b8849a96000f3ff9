# shellcheck shell=bash disable=SC2154
# The profile was made by a job of its own: tell CPython's makefile that training is done.
touch profile-run-stamp
sha256sum < /in/profile/code.profdata | cut -d " " -f 1 > /out/profile.sha256
MAKE_VARIABLES+=("PGO_PROF_USE_FLAG=$PROFILE_USE_FLAGS")
