idf_component_register(SRCS "main.c" REQUIRES @NAME@ esp_timer)
