SELECT version, "end" FROM federation_publishedwindow WHERE indicator_id = %(indicator)s AND "window" = %(window)s
