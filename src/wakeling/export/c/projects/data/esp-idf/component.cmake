idf_component_register(
    SRCS
        @LISTED@
    INCLUDE_DIRS "include"
)
target_compile_options(${COMPONENT_LIB} PRIVATE -O2)
